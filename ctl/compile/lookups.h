// SPDX-License-Identifier: BSD-2-Clause
// Where rules ask for named sets. A lookup in a small set becomes a match with the set's elements; others stay, for the
// datapath to look the packet's key up.
#pragma once

#include <vector>

#include "base/error.h"
#include "ruleset/model.h"

namespace xdpctl::compile {

// Whether elements of the set are never in its image alone: packets add them, they expire or they count.
[[nodiscard]] bool has_live_elements(const ruleset::Set& set);

// Whether the datapath looks keys up in the set: because it is large, or because its elements change, expire or count.
// Others cost a packet less as the values that they have.
[[nodiscard]] bool is_looked_up(const ruleset::Set& set);

// The sets of the table in which rules that packets of the chain can come to look keys up, in the order of the rules: a
// set's place is its number. REQUIRES: the table has all sets of the chain. Errors: Limit for more than
// XDPCTL_SETS_MAX.
[[nodiscard]] Result<std::vector<const ruleset::Set*>> looked_up_sets(const ruleset::Chain& chain,
                                                                      const ruleset::Table& table);

}  // namespace xdpctl::compile
