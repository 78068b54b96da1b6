// SPDX-License-Identifier: BSD-2-Clause
// What a ruleset changes against the one it follows: rules by meaning, whatever their text looks like.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ruleset/model.h"

namespace xdpctl::plan {

// Numbers count a chain's rules from 1.
struct RuleChange {
    enum class Kind { Added, Removed, Moved } kind = Kind::Added;
    const ruleset::Rule* rule = nullptr;  // of the next ruleset, unless it was removed
    std::size_t before = 0;               // 0 for an added rule
    std::size_t after = 0;                // 0 for a removed rule
};

struct ChainDifference {
    std::string table;
    const ruleset::Chain* before = nullptr;  // null for a new chain
    const ruleset::Chain* after = nullptr;   // null for a removed one
    std::vector<std::string> devices_added;
    std::vector<std::string> devices_removed;
    std::vector<RuleChange> rules;  // in the order of the next chain, removed ones where they stood
    std::size_t kept = 0;           // rules, moved ones included

    [[nodiscard]] const ruleset::Chain& chain() const { return after != nullptr ? *after : *before; }
    [[nodiscard]] bool policy_changes() const;
    [[nodiscard]] bool priority_changes() const;
    [[nodiscard]] bool empty() const;
};

// A named set that is not the same in both.
struct SetDifference {
    std::string table;
    const ruleset::Set* before = nullptr;  // null for a new set
    const ruleset::Set* after = nullptr;   // null for a removed one
    std::size_t elements_added = 0;
    std::size_t elements_removed = 0;

    [[nodiscard]] const ruleset::Set& set() const { return after != nullptr ? *after : *before; }
};

// The result refers to both.
[[nodiscard]] std::vector<SetDifference> set_difference(const ruleset::Ruleset& before, const ruleset::Ruleset& after);

// Of every chain in either ruleset; chains that only have comments changed count as equal. The result refers to both.
// REQUIRES: `after` adopted the handles of `before` (ruleset/edit.h).
[[nodiscard]] std::vector<ChainDifference> difference(const ruleset::Ruleset& before, const ruleset::Ruleset& after);

}  // namespace xdpctl::plan
