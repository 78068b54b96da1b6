// SPDX-License-Identifier: BSD-2-Clause
// Chains to measure, and the frames that their last rule drops.
#pragma once

#include <string_view>

#include "ruleset/model.h"
#include "support/packet.h"

namespace xdpctl::bench {

enum class Family : std::uint8_t { Ipv4, Ipv6 };

// Rules that each drop one source address; only the last one drops tcp_frame().
[[nodiscard]] ruleset::Chain chain_of(std::size_t rules, Family family, bool counted);
[[nodiscard]] test::Bytes tcp_frame(Family family);

// A chain of one rule.
[[nodiscard]] ruleset::Chain chain_of(std::string_view rule);

}  // namespace xdpctl::bench
