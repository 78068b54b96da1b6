// SPDX-License-Identifier: BSD-2-Clause
// A base chain with the chains that it jumps to, in one row that engines evaluate from front to back:
//
//   base:  A jump x        0: A        block to 3
//          B drop          1:   C accept
//   x:     C accept        2:   D        go to 3
//          D return        3: B drop
//
// A rule with a block guards the rules behind it: they are for packets that it holds for. A rule that goes somewhere
// sends packets that it holds for there, always forward. Verdict maps become a rule for each different outcome. A chain
// that is reached on several ways is there several times, with the same slots.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "compile/condition.h"
#include "compile/set_test.h"
#include "ruleset/model.h"

namespace xdpctl::compile {

// Elements of a concatenation: boxes over several fields.
struct Boxes {
    std::vector<ruleset::Field> fields;
    const ruleset::Elements* elements = nullptr;
    std::vector<std::uint32_t> members;  // those that count

    [[nodiscard]] Condition condition(std::size_t member, std::size_t part,
                                      std::span<const std::string> device_names) const;
    // That a packet has when it has all fields.
    [[nodiscard]] std::uint32_t headers() const;
};

// Holds when the fields' values are in one of the boxes, or in none of them. Never for a packet that lacks a field.
struct BoxTest {
    Boxes boxes;
    bool is_negated = false;
};

struct CountStep {};
struct LogStep {};
// Holds while the bucket has tokens, and takes them: also where nothing follows for the packet.
struct LimitStep {
    LimitSlot slot;
};
struct DecideStep {
    ruleset::Verdict verdict;
};

using Step = std::variant<Condition, BoxTest, SetTest, CountStep, LogStep, LimitStep, DecideStep>;

// The elements of a verdict map with one outcome.
struct MapGroup {
    Boxes boxes;
    std::optional<ruleset::Verdict> verdict;
};

struct FlatRule {
    static constexpr std::uint32_t none = ~0U;

    const ruleset::Rule* rule = nullptr;  // whose statements it has, branches and maps apart; or
    std::uint32_t group = none;           // which group of a map; or neither, to only go on elsewhere
    RuleSlot slot{};                      // of the rule that counts and decides
    LimitSlot limit{};                    // of its limit, if it has one
    std::uint32_t block_end = 0;          // the first rule behind its block; 0: it has none
    std::uint32_t go = none;              // where evaluation goes on; the number of all rules: with the policy
};

struct FlatChain {
    std::vector<FlatRule> rules;
    std::vector<MapGroup> groups;
    const ruleset::Table* table = nullptr;
    std::span<const ruleset::Set* const> sets;  // that keys are looked up in, by number

    // About how many rules without verdict maps and concatenations cost a packet the same when all are asked in order.
    [[nodiscard]] std::size_t weight() const;
};

// `slots` and `limits` are those of rules_with_slots() (ruleset/reach.h); limits are numbered in their order when they
// are left out. Lookups in `sets` stay lookups. REQUIRES: the table is valid (ruleset/check.h). Errors: Unsupported for
// sets whose elements expire or count.
[[nodiscard]] Result<FlatChain> flat_chain(const ruleset::Chain& chain, const ruleset::Table& table,
                                           std::span<const RuleSlot> slots,
                                           std::span<const ruleset::Set* const> sets = {},
                                           std::span<const LimitSlot> limits = {});

// The same for a chain as an engine gets it.
[[nodiscard]] Result<FlatChain> flat_chain(const ruleset::Chain& chain, const Placement& placement);

// What a rule tests and does, in order.
[[nodiscard]] std::vector<Step> steps(const FlatChain& chain, const FlatRule& rule,
                                      std::span<const std::string> device_names);

}  // namespace xdpctl::compile
