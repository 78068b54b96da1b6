// SPDX-License-Identifier: BSD-2-Clause
// Entry programs that take times, on devices' links in the place of their own ones while somebody asks. Which program a
// link runs tells whether it is timed: nothing else has to be remembered.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "kernel/live.h"

namespace xdpctl::kernel {

// Gives the attached devices of the chain that have their bit in `devices` timed entries, unless they have. Errors:
// Unsupported for a device whose entry cannot be replaced in one step. REQUIRES: the writer's lock; open layers.
[[nodiscard]] Status time_entries(const Layout& layout, const LiveChain& chain, std::uint64_t devices, int entry_times);

// Gives all devices their own entries again. REQUIRES: as above.
[[nodiscard]] Status untime_entries(const Live& live);

}  // namespace xdpctl::kernel
