// SPDX-License-Identifier: BSD-2-Clause
// A chain's rules to candidates.
//
// A rule is cut into steps, one for each statement with an effect: `tcp dport 22 counter ip saddr 192.0.2.1 drop`
// counts under its first match and drops under both. Steps are numbered through the chain; these numbers are the orders
// that the classifier compares. Statements behind which nothing happens are left out.
#pragma once

#include "base/error.h"
#include "compile/compile.h"
#include "compile/tuple_tree/candidate.h"
#include "ruleset/model.h"

namespace xdpctl::compile::tuple_tree {

struct FlattenLimits {
    // Boxes that one step may become by multiplying out its sets, while all together stay below `candidates`; past that
    // the largest set becomes a residual test.
    std::uint32_t boxes_each = 1024;
    std::uint32_t candidates = 1U << 21;
};

// Errors: Limit when there are more steps or rule slots than records can name.
[[nodiscard]] Result<Candidates> flatten(const ruleset::Chain& chain, const Placement& placement,
                                         const FlattenLimits& limits = {});

}  // namespace xdpctl::compile::tuple_tree
