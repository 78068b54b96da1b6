// SPDX-License-Identifier: BSD-2-Clause
// What is known of drivers: whether they run XDP programs where they cannot be asked (before Linux 6.3), and what keeps
// a program from being attached although they do.
#pragma once

#include <optional>
#include <string_view>

#include "doctor/finding.h"
#include "kernel/interface.h"

namespace xdpctl::doctor {

// None for drivers that are not known.
[[nodiscard]] std::optional<bool> known_to_run_xdp(const kernel::Interface& interface);

// Settings of the device, as it is now, with which its driver refuses native XDP or pays more for it.
void check_driver_settings(Section& section, const kernel::Interface& interface);

}  // namespace xdpctl::doctor
