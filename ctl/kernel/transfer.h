// SPDX-License-Identifier: BSD-2-Clause
// A device that passes from one chain to another without a packet unfiltered in between: its link gets the other
// chain's entry program in one step.
#pragma once

#include <filesystem>

#include "base/error.h"
#include "kernel/live.h"

namespace xdpctl::kernel {

// Whether the device has a link that can be given another program.
[[nodiscard]] bool is_transferable(const xdpctl_device& device);

// Gives the pinned link another entry program, in one step. Returns the program's id.
[[nodiscard]] Result<std::uint32_t> replace_entry(const std::filesystem::path& pin, Result<EntryObject> entry);

// A device's place in a chain.
struct Seat {
    const LiveChain& chain;
    DeviceSlot slot;
};

// REQUIRES: `device` is attached at `from` and transferable; the chain of `to` has its layer.
[[nodiscard]] Status transfer(const Layout& layout, const xdpctl_device& device, const Seat& from, const Seat& to);

// Takes back what a writer that was killed in the middle of a transfer, or before publishing, left: devices that the
// running generation names in one chain and that run the entry of another. REQUIRES: layers are open.
[[nodiscard]] Status return_transferred(const Live& live);

}  // namespace xdpctl::kernel
