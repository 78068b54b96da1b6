// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/transfer.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <system_error>

#include "kernel/pin.h"
#include "kernel/program.h"

namespace xdpctl::kernel {

namespace fs = std::filesystem;

namespace {

// Gives the link the entry program of the seat's chain. Returns the program's id.
Result<std::uint32_t> update_link(const fs::path& pin, const Datapath& datapath, DeviceSlot slot) {
    const auto link = open_pin(pin);
    if (!link)
        return std::unexpected(link.error());
    auto entry = datapath.open_entry(slot);
    if (!entry)
        return std::unexpected(std::move(entry).error());
    const auto program = entry->load();
    if (!program)
        return std::unexpected(program.error());
    if (const int error = bpf_link_update(link->get(), *program, nullptr); error != 0)
        return fail_errno(error, fmt::format("cannot give {} another program", pin.string()));
    return program_id(*program);
}

}  // namespace

bool is_transferable(const xdpctl_device& device) {
    return (device.attachment == XDPCTL_ATTACHMENT_XDP_LINK && device.mode != XDPCTL_MODE_OFFLOAD) ||
           device.attachment == XDPCTL_ATTACHMENT_TCX_LINK;
}

Status transfer(const Layout& layout, const xdpctl_device& device, const Seat& from, const Seat& to) {
    const fs::path from_pin = layout.link(from.chain.key(), from.slot);
    const fs::path to_pin = layout.link(to.chain.key(), to.slot);
    const auto& datapath = to.chain.layers().at(layer_of(to.chain.key().hook, device));
    const auto id = update_link(from_pin, datapath, to.slot);
    if (!id)
        return std::unexpected(id.error());
    xdpctl_device moved = device;
    moved.program_id = *id;
    XDPCTL_TRY(to.chain.write_device(to.slot, moved));
    std::error_code error;
    fs::rename(from_pin, to_pin, error);
    if (error)
        return fail_errno(error.value(), fmt::format("cannot rename {}", from_pin.string()));
    return from.chain.write_device(from.slot, {});
}

}  // namespace xdpctl::kernel
