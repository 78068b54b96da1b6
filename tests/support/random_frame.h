// SPDX-License-Identifier: BSD-2-Clause
// Random frames: near the values of a chain's rules, in every shape the parser knows, whole or damaged.
#pragma once

#include <random>

#include "ruleset/model.h"
#include "support/packet.h"

namespace xdpctl::test {

[[nodiscard]] Bytes random_frame(std::mt19937& random, const ruleset::Chain& chain);

}  // namespace xdpctl::test
