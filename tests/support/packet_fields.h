// SPDX-License-Identifier: BSD-2-Clause
// The evaluator's fields and struct xdpctl_packet, from each to the other.
#pragma once

#include <random>

#include "maps/packet.h"
#include "support/evaluator.h"

namespace xdpctl::test {

// The fields as the entry program would leave them; whatever they do not determine is random.
[[nodiscard]] xdpctl_packet packet_of(const Fields& fields, DeviceSlot device, std::mt19937& random);

// What a packet parsed by the entry program has. Other fields are only in the frame.
[[nodiscard]] bool is_in_packet(ruleset::Field field);
[[nodiscard]] Fields fields_of(const xdpctl_packet& packet);

}  // namespace xdpctl::test
