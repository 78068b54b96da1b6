// SPDX-License-Identifier: BSD-2-Clause
// TC programs as a direct-action filter of the clsact qdisc, through rtnetlink: for kernels without TCX.
//
// Our filter has a priority and a handle of its own and is told by its program's id, so no other filter is ever
// touched. A qdisc does not remember who made it; so when attaching makes it, the filter's name says that
// ("xdpctl+qdisc"), and a second filter of ours takes the mark over. When the last filter goes and it was ours with the
// mark, the qdisc goes too.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/types.h"
#include "kernel/interface.h"
#include "ruleset/model.h"

namespace xdpctl::kernel {

struct ClsactFilter {
    std::uint32_t priority = 0;
    std::uint32_t handle = 0;
    std::string kind;              // "bpf", "flower", ...
    std::string name;              // of a BPF filter
    std::uint32_t program_id = 0;  // of a BPF filter
};

// Filters on the hook in the order they run; none when there is no qdisc.
[[nodiscard]] Result<std::vector<ClsactFilter>> clsact_filters(IfIndex device, ruleset::Hook hook);

// Errors: Busy when our place is taken or the qdisc has no such hook. Leaves no qdisc behind on error.
[[nodiscard]] Status attach_clsact(const Interface& interface, ruleset::Hook hook, int program);

// No error when the filter, the qdisc or the device is not there.
[[nodiscard]] Status detach_clsact(IfIndex device, ruleset::Hook hook, std::uint32_t program_id);

}  // namespace xdpctl::kernel
