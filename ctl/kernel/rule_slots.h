// SPDX-License-Identifier: BSD-2-Clause
// Rule slots of one chain: a rule keeps its slot, and with it its counter, for as long as it keeps its handle and the
// chain its maps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/types.h"
#include "kernel/rule_maps.h"
#include "ruleset/model.h"

namespace xdpctl::kernel {

struct SlotPlan {
    std::vector<RuleSlot> slots;         // of each rule, in order
    std::vector<std::size_t> taken;      // rules, by their place, that get their slot by this plan
    std::uint32_t size_of_new_maps = 0;  // 0: the maps that are there do
    bool reuses_retired = false;
};

// `slots` are those of the chain's maps, empty when it has none. New maps when these have no room, or far too much.
[[nodiscard]] SlotPlan plan_slots(std::span<const xdpctl_rule_slot> slots, std::span<const ruleset::Rule> rules);

// Writes what the plan gives out: counters at zero first, then the owners.
// REQUIRES: when it reuses retired slots, that no program that runs counts there.
void write_slots(const RuleMaps& maps, const SlotPlan& plan, std::span<const ruleset::Rule> rules);

// Lets a rule's handle have the slot, or XDPCTL_RULE_SLOT_RETIRED.
void write_owner(const RuleMaps& maps, RuleSlot slot, std::uint64_t owner);

// Retires every slot whose owner is not among the rules.
void retire_other_slots(const RuleMaps& maps, std::span<const ruleset::Rule> rules);

}  // namespace xdpctl::kernel
