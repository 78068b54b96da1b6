// SPDX-License-Identifier: BSD-2-Clause
// Random chains over all fields and forms of matches, with values close together so that packets hit them.
#pragma once

#include <random>

#include "ruleset/model.h"

namespace xdpctl::test {

[[nodiscard]] ruleset::Chain random_chain(std::mt19937& random, ruleset::Hook hook, std::size_t rules);

}  // namespace xdpctl::test
