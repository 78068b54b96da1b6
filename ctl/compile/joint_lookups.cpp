// SPDX-License-Identifier: BSD-2-Clause
#include "compile/joint_lookups.h"

#include <algorithm>
#include <set>

#include "compile/lookups.h"
#include "maps/packet.h"

namespace xdpctl::compile {

namespace {

// In a trie a lonely address takes two cache lines: what many of them cost is more than a lookup each in their hash.
constexpr std::size_t addresses_max = 10'000;

bool can_join(const ruleset::Set& set) {
    const unsigned bits = set.key.size() == 1 ? set.key.front().bits : 0;
    return (bits == 32 || bits == 128) && !has_live_elements(set) &&
           (set.is_interval || set.elements->size() <= addresses_max);
}

}  // namespace

JointLookups::JointLookups(const FlatChain& chain, std::size_t lookups_max) {
    std::map<ruleset::Field, std::set<std::uint32_t>> sets_of;
    std::size_t lookups = 0;
    for (const FlatRule& rule : chain.rules) {
        if (rule.rule == nullptr)
            continue;
        for (const ruleset::Statement& statement : rule.rule->statements) {
            const auto* lookup = std::get_if<ruleset::Lookup>(&statement);
            if (lookup == nullptr || lookup->fields.size() != 1)
                continue;
            const auto set = std::ranges::find(chain.sets, lookup->set, [](const auto* one) { return one->name; });
            if (set == chain.sets.end())
                continue;
            ++lookups;
            if (can_join(**set))
                sets_of[lookup->fields.front()].insert(static_cast<std::uint32_t>(set - chain.sets.begin()));
        }
    }
    if (lookups > lookups_max)
        return;
    for (const auto& [field, sets] : sets_of) {
        if (sets.size() < 2 || keys_.size() == XDPCTL_JOINT_KEYS_MAX)
            continue;
        // By name, so that moving rules leaves images as they are.
        std::vector<std::uint32_t> numbers(sets.begin(), sets.end());
        std::ranges::sort(numbers, {}, [&](std::uint32_t number) { return chain.sets[number]->name; });
        // Fields that are looked up in the same sets share their image.
        const auto joint = std::ranges::find(joints_, numbers);
        keys_.emplace(field, Key{.joint = static_cast<std::uint32_t>(joint - joints_.begin()),
                                 .number = static_cast<std::uint32_t>(keys_.size())});
        if (joint == joints_.end())
            joints_.push_back(numbers);
    }
}

std::optional<JointLookups::Place> JointLookups::find(const SetTest& test) const {
    const auto key = test.field ? keys_.find(*test.field) : keys_.end();
    if (key == keys_.end())
        return std::nullopt;
    const std::vector<std::uint32_t>& sets = joints_[key->second.joint];
    const auto set = std::ranges::find(sets, test.number);
    if (set == sets.end())
        return std::nullopt;
    return Place{
        .joint = key->second.joint, .key = key->second.number, .bit = static_cast<std::uint32_t>(set - sets.begin())};
}

}  // namespace xdpctl::compile
