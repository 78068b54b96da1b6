// SPDX-License-Identifier: BSD-2-Clause
// TC programs on a device's TCX hook (kernel 6.6), beside other programs and by a pinned link.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/error.h"
#include "base/types.h"
#include "kernel/interface.h"
#include "ruleset/model.h"

namespace xdpctl::kernel {

// Ids of the programs on the hook, in the order they run. Errors: Unsupported on kernels without TCX.
[[nodiscard]] Result<std::vector<std::uint32_t>> tcx_programs(IfIndex device, ruleset::Hook hook);

// Puts the program behind those already there and pins the link.
[[nodiscard]] Status attach_tcx(const Interface& interface, ruleset::Hook hook, int program,
                                const std::filesystem::path& pin);

}  // namespace xdpctl::kernel
