// SPDX-License-Identifier: BSD-2-Clause
// Random packets as fields, near the values that a chain's rules compare them with.
#pragma once

#include <random>

#include "maps/packet.h"
#include "support/evaluator.h"

namespace xdpctl::test {

[[nodiscard]] Fields random_fields(std::mt19937& random, const ruleset::Chain& chain);

// The fields as the entry program would leave them; whatever they do not determine is random.
[[nodiscard]] xdpctl_packet packet_of(const Fields& fields, DeviceSlot device, std::mt19937& random);

}  // namespace xdpctl::test
