// SPDX-License-Identifier: BSD-2-Clause
// Random packets as fields, near the values that a chain's rules compare them with.
#pragma once

#include <random>

#include "support/evaluator.h"

namespace xdpctl::test {

[[nodiscard]] Fields random_fields(std::mt19937& random, const ruleset::Chain& chain);

}  // namespace xdpctl::test
