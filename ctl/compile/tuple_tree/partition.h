// SPDX-License-Identifier: BSD-2-Clause
// Which hash tables a ruleset gets: candidates are grouped under masks so that few share a masked key (after
// TupleMerge, Daly et al., ToN 2019). Masks are chosen greedily, the one that places the most candidates in small
// buckets first; what no mask spreads is left to at most three groups without a mask, which become plain trees.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compile/tuple_tree/candidate.h"
#include "compile/tuple_tree/table_mask.h"

namespace xdpctl::compile::tuple_tree {

struct Group {
    Mask mask;
    std::vector<std::uint32_t> members;  // indices of candidates, sorted by order
};

// REQUIRES: candidates sorted by order. At most XDPCTL_TUPLE_TABLES_MAX groups, sorted by their lowest order.
template <std::size_t Words>
std::vector<Group> partition(std::span<const Candidate<Words>> candidates);

extern template std::vector<Group> partition<1>(std::span<const Candidate<1>>);
extern template std::vector<Group> partition<4>(std::span<const Candidate<4>>);

}  // namespace xdpctl::compile::tuple_tree
