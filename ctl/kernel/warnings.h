// SPDX-License-Identifier: BSD-2-Clause
// What the operator should know although the command succeeded.
#pragma once

#include <string>
#include <vector>

namespace xdpctl::kernel {

using Warnings = std::vector<std::string>;

}  // namespace xdpctl::kernel
