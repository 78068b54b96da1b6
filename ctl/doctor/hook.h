// SPDX-License-Identifier: BSD-2-Clause
// Programs of others on a device's hooks.
#pragma once

#include "doctor/examine.h"

namespace xdpctl::doctor {

void check_xdp_hook(Section& section, const Device& device);
void check_tc_hooks(Section& section, const Device& device);

}  // namespace xdpctl::doctor
