// SPDX-License-Identifier: BSD-2-Clause
// VLAN tags that travel beside the frame: XDP programs do not see them, TC programs do.
#pragma once

#include <optional>
#include <string>

#include "kernel/interface.h"

namespace xdpctl::kernel {

// Says that XDP on the device misses tags, why, and what to do about it; nothing when it sees them all.
[[nodiscard]] std::optional<std::string> hidden_tags_warning(const Interface& interface);

}  // namespace xdpctl::kernel
