// SPDX-License-Identifier: BSD-2-Clause
// Which chains packets come to by jumps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/error.h"
#include "ruleset/model.h"

namespace xdpctl::ruleset {

// As in nft: a base chain and 15 chains below it.
inline constexpr std::size_t chain_depth_max = 16;
// How many rules a base chain can become when every jump is replaced by the rules it leads to.
inline constexpr std::uint64_t expanded_rules_max = std::uint64_t{1} << 20U;

// The chains that a rule names, directly or by its verdict map.
[[nodiscard]] std::vector<std::string_view> targets(const Rule& rule, const Table& table);

// The regular chains that packets of that chain can come to.
[[nodiscard]] std::unordered_set<const Chain*> reached_chains(const Table& table, const Chain& chain);

// Those that packets of the chain can come in or go out on: its own, or of a regular chain those of all base chains.
[[nodiscard]] std::vector<std::string> devices_of(const Table& table, const Chain& chain);

// The rules that a base chain has slots for: its own and those of the table's regular chains, in the table's order. A
// rule that no jump leads to any more keeps its count.
[[nodiscard]] std::vector<const Rule*> rules_with_slots(const Table& table, const Chain& chain);

struct ReachFault {
    ErrorKind kind;
    std::string what;
};

// Why evaluation from that chain on would not end (Input), or would need more room than there is (Limit).
// REQUIRES: all targets exist.
[[nodiscard]] std::optional<ReachFault> reach_fault(const Table& table, const Chain& chain);

}  // namespace xdpctl::ruleset
