// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>

#include "ruleset/model.h"

namespace xdpctl::ruleset {

// The same for statements that are equal.
[[nodiscard]] std::size_t hash_of(const Statement& statement);

// Of the two together, in their order.
[[nodiscard]] constexpr std::size_t combine_hashes(std::size_t first, std::uint64_t second) {
    std::uint64_t mixed = (first ^ second) * 0x9e3779b97f4a7c15U;
    mixed ^= mixed >> 32U;
    return static_cast<std::size_t>(mixed * 0xc2b2ae3d27d4eb4fU);
}

}  // namespace xdpctl::ruleset
