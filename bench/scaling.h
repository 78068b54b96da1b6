// SPDX-License-Identifier: BSD-2-Clause
// How the cost of a packet grows with the ruleset: ClassBench's families from 1 to 100,000 rules, XDP test runs over
// traces of different packets.
#pragma once

namespace xdpctl::bench {

// Nothing without test data (test::test_data()).
void register_scaling(bool& failed);

}  // namespace xdpctl::bench
