// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/rule_slots.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "kernel/map_io.h"
#include "maps/chain.h"

namespace xdpctl::kernel {

namespace {

Status write_owner(const ChainMaps& maps, std::uint32_t slot, std::uint64_t handle) {
    const xdpctl_rule_slot value{.handle = handle};
    if (const int error = bpf_map_update_elem(maps.rule_slots.get(), &slot, &value, BPF_ANY); error != 0)
        return fail_errno(error, "cannot write a rule slot");
    return {};
}

std::unordered_set<std::uint64_t> handles_of(std::span<const ruleset::Rule> rules) {
    std::unordered_set<std::uint64_t> handles{0};  // a free slot is nobody's to free
    for (const ruleset::Rule& rule : rules)
        handles.insert(std::to_underlying(rule.handle));
    return handles;
}

}  // namespace

RuleSlots::RuleSlots() : owners_(XDPCTL_RULE_SLOTS) {}

Result<RuleSlots> RuleSlots::read(const ChainMaps& maps) {
    RuleSlots out;
    static_assert(sizeof(xdpctl_rule_slot) == sizeof(out.owners_[0]));
    XDPCTL_TRY(read_elements(maps.rule_slots, XDPCTL_RULE_SLOTS, sizeof(xdpctl_rule_slot), out.owners_.data()));
    return out;
}

std::map<Handle, RuleSlot> RuleSlots::by_handle() const {
    std::map<Handle, RuleSlot> out;
    for (std::uint32_t slot = 0; slot < owners_.size(); ++slot) {
        if (owners_[slot] != 0)
            out.emplace(Handle{owners_[slot]}, RuleSlot{slot});
    }
    return out;
}

Result<std::vector<RuleSlot>> RuleSlots::assign(std::span<const ruleset::Rule> rules) {
    const auto known = by_handle();
    std::vector<RuleSlot> slots;
    slots.reserve(rules.size());
    std::uint32_t free = 0;
    for (const ruleset::Rule& rule : rules) {
        if (const auto found = known.find(rule.handle); found != known.end()) {
            slots.push_back(found->second);
            continue;
        }
        while (free < owners_.size() && owners_[free] != 0)
            ++free;
        if (free == owners_.size())
            return fail(ErrorKind::Limit, fmt::format("cannot place {} rules in one chain", rules.size()),
                        fmt::format("a chain has room for {} rules", XDPCTL_RULES_MAX),
                        "spread the rules over the chains of several devices, or gather values in sets");
        owners_[free] = std::to_underlying(rule.handle);
        assigned_.push_back(free);
        slots.push_back(RuleSlot{free});
    }
    return slots;
}

Status RuleSlots::write_assigned(const ChainMaps& maps) {
    XDPCTL_TRY(zero_counters(maps.rule_counters, assigned_));
    for (const std::uint32_t slot : assigned_)
        XDPCTL_TRY(write_owner(maps, slot, owners_[slot]));
    assigned_.clear();
    return {};
}

bool RuleSlots::has_other_than(std::span<const ruleset::Rule> rules) const {
    const auto keep = handles_of(rules);
    return std::ranges::any_of(owners_, [&](std::uint64_t owner) { return !keep.contains(owner); });
}

Status RuleSlots::free_other_than(std::span<const ruleset::Rule> rules, const ChainMaps& maps) {
    const auto keep = handles_of(rules);
    for (std::uint32_t slot = 0; slot < owners_.size(); ++slot) {
        if (keep.contains(owners_[slot]))
            continue;
        owners_[slot] = 0;
        XDPCTL_TRY(write_owner(maps, slot, 0));
    }
    return {};
}

}  // namespace xdpctl::kernel
