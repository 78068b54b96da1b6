// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/timed_entries.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <cerrno>
#include <ranges>
#include <string_view>

#include "kernel/transfer.h"

namespace xdpctl::kernel {

namespace {

// The kernel keeps 15 characters of a name.
bool is_timed_name(std::string_view name) {
    return name.starts_with("xdp_timed_") || name.starts_with("tc_timed_");
}

Result<bool> is_timed(const xdpctl_device& device) {
    const Fd program(bpf_prog_get_fd_by_id(device.program_id));
    if (!program.valid() && errno == ENOENT)
        return false;
    if (!program.valid())
        return fail_errno(errno, fmt::format("cannot look at the program of {}", name_of(device)));
    bpf_prog_info info{};
    std::uint32_t size = sizeof info;
    if (const int error = bpf_obj_get_info_by_fd(program.get(), &info, &size); error != 0)
        return fail_errno(error, fmt::format("cannot look at the program of {}", name_of(device)));
    return is_timed_name(info.name);
}

Status replace(const Layout& layout, const LiveChain& chain, DeviceSlot slot, xdpctl_device device,
               Result<EntryObject> entry) {
    const auto id = replace_entry(layout.link(chain.key(), slot), std::move(entry));
    if (!id)
        return std::unexpected(id.error());
    device.program_id = *id;
    return chain.write_device(slot, device);
}

}  // namespace

Status time_entries(const Layout& layout, const LiveChain& chain, std::uint64_t devices, int entry_times) {
    const auto table = chain.devices();
    if (!table)
        return std::unexpected(table.error());
    for (std::uint16_t i = 0; i < table->size(); ++i) {
        const xdpctl_device& device = (*table)[i];
        const bool is_chosen = (devices >> i & 1) != 0;
        if (!is_chosen || !is_attached(device))
            continue;
        if (!is_transferable(device))
            return fail(
                ErrorKind::Unsupported, fmt::format("cannot take times on {}", name_of(device)),
                "its program does not hang on a link of its own and cannot be replaced in one step",
                "leave it out, or attach it with --mode native, generic or tc where libxdp's dispatcher is not used");
        const auto timed = is_timed(device);
        if (!timed)
            return std::unexpected(timed.error());
        const auto& datapath = chain.layers().at(layer_of(chain.key().hook, device));
        if (!*timed)
            XDPCTL_TRY(
                replace(layout, chain, DeviceSlot{i}, device, datapath.open_timed_entry(DeviceSlot{i}, entry_times)));
    }
    return {};
}

Status untime_entries(const Live& live) {
    for (const auto& chain : live.chains | std::views::values) {
        const auto table = chain->devices();
        if (!table)
            return std::unexpected(table.error());
        for (std::uint16_t i = 0; i < table->size(); ++i) {
            const xdpctl_device& device = (*table)[i];
            if (!is_transferable(device))
                continue;
            const auto timed = is_timed(device);
            if (!timed)
                return std::unexpected(timed.error());
            const auto layer = chain->layers().find(layer_of(chain->key().hook, device));
            if (*timed && layer != chain->layers().end())
                XDPCTL_TRY(
                    replace(live.layout, *chain, DeviceSlot{i}, device, layer->second.open_entry(DeviceSlot{i})));
        }
    }
    return {};
}

}  // namespace xdpctl::kernel
