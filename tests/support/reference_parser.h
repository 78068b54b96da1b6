// SPDX-License-Identifier: BSD-2-Clause
// What the parser of maps/lib/ has to find in a frame, written a second time: plain, slow, and in no hurry to be
// clever.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "maps/packet.h"
#include "ruleset/model.h"

namespace xdpctl::test {

// Fields whose header bit is missing are zero. The decision is not part of it.
[[nodiscard]] xdpctl_packet parse_reference(std::span<const std::byte> frame, ruleset::Hook hook);

// The fields in which a parsed packet is not as expected, one a line; fields that the packet does not have do not
// count.
[[nodiscard]] std::string differences(const xdpctl_packet& expected, const xdpctl_packet& actual);

}  // namespace xdpctl::test
