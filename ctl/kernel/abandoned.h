// SPDX-License-Identifier: BSD-2-Clause
// State of network namespaces that were deleted with it: nobody can reach it any more, and its pins would stay until
// the machine restarts.
#pragma once

#include <filesystem>

namespace xdpctl::kernel {

// Removes the states beside `own` that cannot filter a packet, because no device is attached to them any more, and
// whose network namespace nothing keeps alive. Where either is in doubt nothing happens. REQUIRES: the lock on `own`.
void remove_abandoned_states(const std::filesystem::path& own);

}  // namespace xdpctl::kernel
