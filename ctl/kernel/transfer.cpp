// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/transfer.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <system_error>

#include "kernel/link.h"
#include "kernel/pin.h"
#include "kernel/program.h"

namespace xdpctl::kernel {

namespace fs = std::filesystem;

Result<std::uint32_t> replace_entry(const fs::path& pin, Result<EntryObject> entry) {
    const auto link = open_pin(pin);
    if (!link)
        return std::unexpected(link.error());
    if (!entry)
        return std::unexpected(std::move(entry).error());
    const auto program = entry->load();
    if (!program)
        return std::unexpected(program.error());
    if (const int error = bpf_link_update(link->get(), *program, nullptr); error != 0)
        return fail_errno(error, fmt::format("cannot give {} another program", pin.string()));
    return program_id(*program);
}

bool is_transferable(const xdpctl_device& device) {
    return (device.attachment == XDPCTL_ATTACHMENT_XDP_LINK && device.mode != XDPCTL_MODE_OFFLOAD) ||
           device.attachment == XDPCTL_ATTACHMENT_TCX_LINK;
}

Status transfer(const Layout& layout, const xdpctl_device& device, const Seat& from, const Seat& to) {
    const fs::path from_pin = layout.link(from.chain.key(), from.slot);
    const fs::path to_pin = layout.link(to.chain.key(), to.slot);
    const auto& datapath = to.chain.layers().at(layer_of(to.chain.key().hook, device));
    const auto id = replace_entry(from_pin, datapath.open_entry(to.slot));
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

namespace {

// A link that was updated and not recorded runs another program than its chain's.
Status reinstall_entries(const Layout& layout, const LiveChain& chain) {
    const auto table = chain.devices();
    if (!table)
        return std::unexpected(table.error());
    for (std::uint16_t i = 0; i < table->size(); ++i) {
        xdpctl_device device = (*table)[i];
        const DeviceSlot slot{i};
        const fs::path pin = layout.link(chain.key(), slot);
        const auto layer = chain.layers().find(layer_of(chain.key().hook, device));
        if (!is_transferable(device) || layer == chain.layers().end())
            continue;
        const auto link = pinned_link(pin);
        if (!link)
            return std::unexpected(link.error());
        if (!*link || (*link)->program_id == device.program_id)
            continue;
        const auto id = replace_entry(pin, layer->second.open_entry(slot));
        if (!id)
            return std::unexpected(id.error());
        device.program_id = *id;
        XDPCTL_TRY(chain.write_device(slot, device));
    }
    return {};
}

// A slot for the device in a chain that names it: its own, or a free one. None when the chain has it attached.
Result<std::optional<DeviceSlot>> take_seat(const Layout& layout, const LiveChain& chain, const xdpctl_device& device) {
    const auto table = chain.devices();
    if (!table)
        return std::unexpected(table.error());
    const auto slot_of = [&](auto found) { return DeviceSlot{static_cast<std::uint16_t>(found - table->begin())}; };
    const auto own = std::ranges::find(*table, name_of(device), name_of);
    if (own != table->end()) {
        const bool is_seated = is_attached(*own) && fs::exists(layout.link(chain.key(), slot_of(own)));
        return is_seated ? std::nullopt : std::optional(slot_of(own));
    }
    const auto free = std::ranges::find_if(*table, is_free);
    if (free == table->end())
        return std::nullopt;
    XDPCTL_TRY(chain.bind_device(slot_of(free), device));
    return slot_of(free);
}

// Gives the devices of `chain` back to the chains that name them.
Status return_devices(const Live& live, const LiveChain& chain) {
    const auto table = chain.devices();
    if (!table)
        return std::unexpected(table.error());
    for (std::uint16_t i = 0; i < table->size(); ++i) {
        const xdpctl_device& device = (*table)[i];
        if (!is_transferable(device) || !fs::exists(live.layout.link(chain.key(), DeviceSlot{i})))
            continue;
        for (const NamedChain& named : chains_of(live.generation.ruleset)) {
            const LiveChain& home = *live.chains.at(named.key());
            if (home.key() == chain.key() || home.key().hook != chain.key().hook ||
                !home.layers().contains(layer_of(home.key().hook, device)) ||
                std::ranges::find(named.chain->devices, name_of(device)) == named.chain->devices.end())
                continue;
            const auto seat = take_seat(live.layout, home, device);
            if (!seat)
                return std::unexpected(seat.error());
            if (*seat)
                XDPCTL_TRY(transfer(live.layout, device, {chain, DeviceSlot{i}}, {home, **seat}));
        }
    }
    return {};
}

}  // namespace

Status return_transferred(const Live& live) {
    for (const auto& chain : live.chains | std::views::values)
        XDPCTL_TRY(reinstall_entries(live.layout, *chain));
    const auto keys = live.layout.chains();
    if (!keys)
        return std::unexpected(keys.error());
    for (const ChainKey& key : *keys) {
        // A chain that cannot be opened was never finished: it has no devices.
        if (const auto chain = LiveChain::open(live.layout, key))
            XDPCTL_TRY(return_devices(live, **chain));
    }
    return {};
}

}  // namespace xdpctl::kernel
