// SPDX-License-Identifier: BSD-2-Clause
// Prune lists: for each value of a 12-bit window of an address, and for each protocol, the tables with a rule there.
#pragma once

#include <span>

#include "compile/tuple_tree/candidate.h"
#include "compile/tuple_tree/partition.h"

namespace xdpctl::compile::tuple_tree {

struct Windows {
    xdpctl_tuple_window source, destination;
};

// Fills `prune`, with the windows that tell the candidates apart best.
template <std::size_t Words>
Windows fill_prune(std::span<const Candidate<Words>> candidates, std::span<const Group> groups,
                   xdpctl_tuple_prune& prune);

extern template Windows fill_prune<1>(std::span<const Candidate<1>>, std::span<const Group>, xdpctl_tuple_prune&);
extern template Windows fill_prune<4>(std::span<const Candidate<4>>, std::span<const Group>, xdpctl_tuple_prune&);

}  // namespace xdpctl::compile::tuple_tree
