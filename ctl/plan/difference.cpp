// SPDX-License-Identifier: BSD-2-Clause
#include "plan/difference.h"

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <unordered_set>

namespace xdpctl::plan {

namespace {

using ruleset::Chain;
using ruleset::Rule;

// The positions of a longest increasing run of values: what stays in place when the rest is moved around it.
std::vector<std::size_t> longest_increasing(const std::vector<std::size_t>& values) {
    std::vector<std::size_t> ends;  // by length: the position with the smallest last value
    std::vector<std::size_t> previous(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto place = std::ranges::lower_bound(ends, values[i], {}, [&](std::size_t end) { return values[end]; });
        previous[i] = place == ends.begin() ? i : *(place - 1);
        if (place == ends.end())
            ends.push_back(i);
        else
            *place = i;
    }
    std::vector<std::size_t> run(ends.size());
    for (std::size_t length = ends.size(), at = ends.empty() ? 0 : ends.back(); length > 0; --length, at = previous[at])
        run[length - 1] = at;
    return run;
}

class RuleComparison {
public:
    RuleComparison(const Chain& before, const Chain& after) : before_(before), after_(after) {}

    void compare(ChainDifference& out) {
        for (std::size_t i = 0; i < before_.rules.size(); ++i)
            place_before_.emplace(before_.rules[i].handle, i);
        find_moved();
        out.kept = kept_.size();
        std::size_t next = add_removed_from(out, 0);
        for (std::size_t i = 0; i < after_.rules.size(); ++i) {
            const Rule& rule = after_.rules[i];
            const auto place = place_before_.find(rule.handle);
            if (place == place_before_.end()) {
                out.rules.push_back({RuleChange::Kind::Added, &rule, 0, i + 1});
                continue;
            }
            if (moved_.contains(rule.handle)) {
                out.rules.push_back({RuleChange::Kind::Moved, &rule, place->second + 1, i + 1});
                continue;
            }
            add_removed(out, next, place->second);
            next = add_removed_from(out, place->second + 1);
        }
        add_removed(out, next, before_.rules.size());
    }

private:
    void find_moved() {
        std::vector<std::size_t> places;
        for (const Rule& rule : after_.rules)
            if (const auto place = place_before_.find(rule.handle); place != place_before_.end()) {
                kept_.insert(rule.handle);
                moved_.insert(rule.handle);
                places.push_back(place->second);
            }
        for (const std::size_t in_place : longest_increasing(places))
            moved_.erase(before_.rules[places[in_place]].handle);
    }

    // Those of the running chain from one place up to another.
    void add_removed(ChainDifference& out, std::size_t first, std::size_t end) const {
        for (std::size_t i = first; i < end; ++i)
            if (!kept_.contains(before_.rules[i].handle))
                out.rules.push_back({RuleChange::Kind::Removed, &before_.rules[i], i + 1, 0});
    }

    // Those from one place up to the next rule that is kept, which is returned.
    std::size_t add_removed_from(ChainDifference& out, std::size_t first) const {
        std::size_t end = first;
        while (end < before_.rules.size() && !kept_.contains(before_.rules[end].handle))
            ++end;
        add_removed(out, first, end);
        return end;
    }

    const Chain& before_;
    const Chain& after_;
    std::unordered_map<Handle, std::size_t> place_before_;
    std::unordered_set<Handle> kept_;
    std::unordered_set<Handle> moved_;
};

std::vector<std::string> without(const std::vector<std::string>& names, const std::vector<std::string>& others) {
    std::vector<std::string> rest;
    std::ranges::copy_if(names, std::back_inserter(rest),
                         [&](const std::string& name) { return std::ranges::find(others, name) == others.end(); });
    return rest;
}

ChainDifference compare(std::string table, const Chain* before, const Chain* after) {
    static const Chain none;
    ChainDifference out;
    out.table = std::move(table);
    out.before = before;
    out.after = after;
    const Chain& old_chain = before != nullptr ? *before : none;
    const Chain& new_chain = after != nullptr ? *after : none;
    out.devices_added = without(new_chain.devices, old_chain.devices);
    out.devices_removed = without(old_chain.devices, new_chain.devices);
    RuleComparison(old_chain, new_chain).compare(out);
    return out;
}

// -1, 0 or 1, as the keys of two elements are ordered.
int compare(const ruleset::Elements& a, std::size_t in_a, const ruleset::Elements& b, std::size_t in_b) {
    for (std::size_t part = 0; part < a.parts(); ++part) {
        const ruleset::Interval x = a.interval(in_a, part);
        const ruleset::Interval y = b.interval(in_b, part);
        if (x.first != y.first)
            return x.first < y.first ? -1 : 1;
        if (x.last != y.last)
            return x.last < y.last ? -1 : 1;
    }
    return 0;
}

// Both are sorted.
void count_elements(const ruleset::Elements& before, const ruleset::Elements& after, SetDifference& out) {
    if (before.parts() != after.parts()) {
        out.elements_removed = before.size();
        out.elements_added = after.size();
        return;
    }
    std::size_t kept = 0;
    for (std::size_t i = 0, j = 0; i < before.size() && j < after.size();) {
        const int order = compare(before, i, after, j);
        kept += order == 0 ? 1 : 0;
        i += order <= 0 ? 1 : 0;
        j += order >= 0 ? 1 : 0;
    }
    out.elements_removed = before.size() - kept;
    out.elements_added = after.size() - kept;
}

SetDifference compare(const std::string& table, const ruleset::Set* before, const ruleset::Set* after) {
    static const ruleset::Elements none;
    SetDifference out;
    out.table = table;
    out.before = before;
    out.after = after;
    count_elements(before != nullptr ? *before->elements : none, after != nullptr ? *after->elements : none, out);
    return out;
}

// Handles do not count.
bool same(const ruleset::Set& a, const ruleset::Set& b) {
    ruleset::Set renumbered = a;
    renumbered.handle = b.handle;
    return renumbered == b;
}

const ruleset::Set* find_set(const ruleset::Ruleset& ruleset, const std::string& table, const std::string& set) {
    const ruleset::Table* in = ruleset.find_table(table);
    return in != nullptr ? in->find_set(set) : nullptr;
}

}  // namespace

std::vector<SetDifference> set_difference(const ruleset::Ruleset& before, const ruleset::Ruleset& after) {
    std::vector<SetDifference> out;
    for (const ruleset::Table& table : after.tables)
        for (const ruleset::Set& set : table.sets)
            if (const auto* running = find_set(before, table.name, set.name);
                running == nullptr || !same(*running, set))
                out.push_back(compare(table.name, running, &set));
    for (const ruleset::Table& table : before.tables)
        for (const ruleset::Set& set : table.sets)
            if (find_set(after, table.name, set.name) == nullptr)
                out.push_back(compare(table.name, &set, nullptr));
    return out;
}

bool ChainDifference::policy_changes() const {
    return before != nullptr && after != nullptr && before->policy != after->policy;
}

bool ChainDifference::priority_changes() const {
    return before != nullptr && after != nullptr && before->priority != after->priority;
}

bool ChainDifference::empty() const {
    return before != nullptr && after != nullptr && !policy_changes() && !priority_changes() && devices_added.empty() &&
           devices_removed.empty() && rules.empty();
}

std::vector<ChainDifference> difference(const ruleset::Ruleset& before, const ruleset::Ruleset& after) {
    std::vector<ChainDifference> out;
    for (const ruleset::Table& table : after.tables) {
        for (const Chain& chain : table.chains) {
            const Chain* running = before.find_chain(table.name, chain.name);
            // A chain of another hook is another chain, whatever its name.
            const bool is_other = running != nullptr && running->hook != chain.hook;
            if (is_other)
                out.push_back(compare(table.name, running, nullptr));
            out.push_back(compare(table.name, is_other ? nullptr : running, &chain));
        }
    }
    for (const ruleset::Table& table : before.tables)
        for (const Chain& chain : table.chains)
            if (after.find_chain(table.name, chain.name) == nullptr)
                out.push_back(compare(table.name, &chain, nullptr));
    return out;
}

}  // namespace xdpctl::plan
