// SPDX-License-Identifier: BSD-2-Clause
// Chains and parsed packets for comparing classifiers: rules that overlap, nest, touch and contradict each other, and
// packets near their edges. The same seed gives the same.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "maps/packet.h"
#include "ruleset/model.h"

namespace xdpctl::test {

using Random = std::mt19937_64;

struct RuleMix {
    std::size_t rules = 100;
    double ipv6 = 0.4;      // share of rules with IPv6 fields
    double wildcard = 0.3;  // chance of each base field to be left out
    double set = 0.1;       // of a match to have several intervals
    double negated = 0.05;
    double residual = 0.1;       // chance of a match on a field outside the base fields
    double counter_only = 0.05;  // chance of a rule without a verdict
    double split_counter = 0.1;  // chance of a counter with matches behind it
    double limited = 0;          // of a rule with a verdict to have a limit in front of one of its statements
    unsigned pool = 12;          // addresses are drawn around so many
};

[[nodiscard]] ruleset::Chain mixed_chain(const RuleMix& mix, Random& random);

// Fields at random, from the values at and next to the edges of a rule's matches, or from several rules.
[[nodiscard]] xdpctl_packet random_packet(const ruleset::Chain& chain, std::size_t devices, Random& random);

// Device names of the chains above, by device slot; one slot is free.
[[nodiscard]] std::vector<std::string> test_devices();

}  // namespace xdpctl::test
