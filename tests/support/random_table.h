// SPDX-License-Identifier: BSD-2-Clause
// Random tables: a base chain of random_chain.h with regular chains below it, named sets, verdict maps and
// concatenations. Jumps lead forward, so that there are no loops.
#pragma once

#include <random>

#include "ruleset/model.h"

namespace xdpctl::test {

// The base chain is the first one.
[[nodiscard]] ruleset::Table random_table(std::mt19937& random, ruleset::Hook hook, std::size_t rules);

// A chain without lookups whose matches have all values that the table's rules ask for: for random_frame().
[[nodiscard]] ruleset::Chain all_values(const ruleset::Table& table);

}  // namespace xdpctl::test
