// SPDX-License-Identifier: BSD-2-Clause
// Random chains over all fields and forms of matches, with values close together so that packets hit them.
#pragma once

#include <random>
#include <vector>

#include "ruleset/model.h"

namespace xdpctl::test {

// Which fields the rules match: all that a frame has, or those that the entry program leaves in struct xdpctl_packet.
enum class MatchedFields { OfFrame, OfPacket };

[[nodiscard]] ruleset::Chain random_chain(std::mt19937& random, ruleset::Hook hook, std::size_t rules,
                                          MatchedFields fields = MatchedFields::OfPacket);

// Gives some of the rules limits, which no test takes so long as to fill again.
void add_limits(std::mt19937& random, std::vector<ruleset::Rule>& rules);

}  // namespace xdpctl::test
