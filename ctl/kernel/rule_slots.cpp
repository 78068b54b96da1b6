// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/rule_slots.h"

#include <algorithm>
#include <atomic>

#include "kernel/handle_slots.h"

namespace xdpctl::kernel {

namespace {

// With room for more rules, so that adding them one by one does not make new maps each time.
std::uint32_t comfortable_size(std::size_t rules) {
    constexpr std::size_t step = 256;
    return static_cast<std::uint32_t>((rules + rules / 4 + step / 2) / step * step + step);
}

SlotPlan plan_new_maps(std::size_t rules) {
    SlotPlan plan;
    plan.size_of_new_maps = comfortable_size(rules);
    for (std::uint32_t rule = 0; rule < rules; ++rule) {
        plan.slots.push_back(RuleSlot{rule});
        plan.taken.push_back(rule);
    }
    return plan;
}

}  // namespace

void write_owner(const RuleMaps& maps, RuleSlot slot, std::uint64_t owner) {
    std::atomic_ref(maps.slots()[std::to_underlying(slot)].handle).store(owner, std::memory_order_release);
}

SlotPlan plan_slots(std::span<const xdpctl_rule_slot> slots, std::span<const ruleset::Rule> rules) {
    if (slots.empty() || slots.size() / 4 > comfortable_size(rules.size()))
        return plan_new_maps(rules.size());
    SlotPlan plan;
    plan.slots.resize(rules.size());
    HandleSlots known(slots);
    for (std::size_t rule = 0; rule < rules.size(); ++rule) {
        if (const auto slot = known.find(rules[rule].handle))
            plan.slots[rule] = *slot;
        else
            plan.taken.push_back(rule);
    }
    auto next = plan.taken.begin();
    for (const std::uint64_t vacant : {std::uint64_t{0}, std::uint64_t{XDPCTL_RULE_SLOT_RETIRED}}) {
        for (std::uint32_t slot = 0; slot < slots.size() && next != plan.taken.end(); ++slot) {
            if (slots[slot].handle != vacant)
                continue;
            plan.slots[*next++] = RuleSlot{slot};
            plan.reuses_retired = vacant != 0;
        }
    }
    return next == plan.taken.end() ? plan : plan_new_maps(rules.size());
}

void write_slots(const RuleMaps& maps, const SlotPlan& plan, std::span<const ruleset::Rule> rules) {
    for (const std::size_t rule : plan.taken) {
        maps.zero(plan.slots[rule]);
        write_owner(maps, plan.slots[rule], std::to_underlying(rules[rule].handle));
    }
}

void retire_other_slots(const RuleMaps& maps, std::span<const ruleset::Rule> rules) {
    const std::span<xdpctl_rule_slot> slots = maps.slots();
    HandleSlots known(slots);
    std::vector<bool> kept(slots.size());
    for (const ruleset::Rule& rule : rules)
        if (const auto slot = known.find(rule.handle))
            kept[std::to_underlying(*slot)] = true;
    for (std::uint32_t slot = 0; slot < slots.size(); ++slot)
        if (!kept[slot] && slots[slot].handle != 0)
            write_owner(maps, RuleSlot{slot}, XDPCTL_RULE_SLOT_RETIRED);
}

}  // namespace xdpctl::kernel
