// SPDX-License-Identifier: BSD-2-Clause
// Entries under libxdp's dispatcher, beside the programs of other tools that use libxdp.
//
// libxdp pins what belongs to a dispatcher below /sys/fs/bpf/xdp (or $LIBXDP_BPFFS/xdp), where every tool looks for it.
// In a mount namespace that hides this file system, as `ip netns exec` makes it, the dispatcher is not used.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "base/types.h"
#include "kernel/datapath.h"
#include "kernel/interface.h"

namespace xdpctl::kernel {

// Whether the kernel allows extension programs and libxdp finds its file system. Attaches nothing to find out.
[[nodiscard]] bool dispatcher_usable();

// Whether the device's XDP program is a dispatcher that others can join.
[[nodiscard]] bool has_dispatcher(IfIndex device);

// Whether the program runs under the device's dispatcher. Errors: NotFound when this mount namespace hides libxdp's
// pins.
[[nodiscard]] Result<bool> in_dispatcher(IfIndex device, std::uint32_t program_id);

// Attaches an opened entry, native or generic, and returns its program's id. libxdp reports success when it has
// replaced the dispatcher by the program alone, which keeps others out: that is undone here, and an error. On error
// nothing is left attached.
[[nodiscard]] Result<std::uint32_t> attach_to_dispatcher(const Interface& interface, xdpctl_mode mode,
                                                         const EntryObject& entry);

// No error when the program is not under a dispatcher of the device, or the device is not here: what libxdp keeps
// pinned of the program is removed then. Errors: as in_dispatcher.
[[nodiscard]] Status detach_from_dispatcher(IfIndex device, std::uint32_t program_id);

}  // namespace xdpctl::kernel
