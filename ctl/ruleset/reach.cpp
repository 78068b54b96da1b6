// SPDX-License-Identifier: BSD-2-Clause
#include "ruleset/reach.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_map>

namespace xdpctl::ruleset {
namespace {

// Follows all paths, each chain once: what is known of a chain holds wherever it is reached from.
class Walk {
public:
    explicit Walk(const Table& table) : table_(table) {}

    std::optional<ReachFault> run(const Chain& chain) {
        const Extent* extent = visit(chain);
        if (extent == nullptr)
            return ReachFault{ErrorKind::Input, fault_};
        if (extent->depth > chain_depth_max)
            return ReachFault{ErrorKind::Limit,
                              fmt::format("its jumps go {} chains deep, at most {} are possible: {}", extent->depth,
                                          chain_depth_max, fmt::join(deepest_path(chain), " -> "))};
        if (extent->rules > expanded_rules_max)
            return ReachFault{ErrorKind::Limit,
                              fmt::format("with the chains it jumps to it is {} rules, at most {} are possible",
                                          extent->rules, expanded_rules_max)};
        return std::nullopt;
    }

private:
    struct Extent {
        std::size_t depth = 1;         // chains on the longest path, this one included
        const Chain* below = nullptr;  // the next chain on that path
        std::uint64_t rules = 0;       // with those that are jumped to
        bool is_done = false;
    };

    // Null when there is a loop. Deep recursion is cut: a path longer than any good one is a fault already.
    const Extent* visit(const Chain& chain) {
        if (const auto known = extents_.find(&chain); known != extents_.end()) {
            if (known->second.is_done)
                return &known->second;
            const auto first = std::ranges::find(path_, &chain);
            std::vector<std::string_view> names;
            for (auto at = first; at != path_.end(); ++at)
                names.push_back((*at)->name);
            names.push_back(chain.name);
            fault_ = fmt::format("its jumps make a loop: {}", fmt::join(names, " -> "));
            return nullptr;
        }
        extents_[&chain];
        path_.push_back(&chain);
        Extent extent;
        for (const Rule& rule : chain.rules) {
            ++extent.rules;
            for (const std::string_view name : targets(rule, table_)) {
                const Chain* target = table_.find_chain(name);
                const Extent* below = visit(*target);
                if (below == nullptr)
                    return nullptr;
                if (below->depth + 1 > extent.depth) {
                    extent.depth = below->depth + 1;
                    extent.below = target;
                }
                extent.rules = std::min(extent.rules + below->rules + 1, ~std::uint64_t{0} >> 1U);
            }
        }
        extent.is_done = true;
        path_.pop_back();
        return &(extents_[&chain] = extent);
    }

    std::vector<std::string_view> deepest_path(const Chain& chain) {
        std::vector<std::string_view> names;
        for (const Chain* at = &chain; at != nullptr; at = extents_[at].below)
            names.push_back(at->name);
        return names;
    }

    const Table& table_;
    std::unordered_map<const Chain*, Extent> extents_;
    std::vector<const Chain*> path_;
    std::string fault_;
};

}  // namespace

std::vector<std::string_view> targets(const Rule& rule, const Table& table) {
    std::vector<std::string_view> out;
    if (rule.statements.empty())
        return out;
    const Statement& last = rule.statements.back();  // others do not end a rule
    if (const auto* branch = std::get_if<Branch>(&last); branch != nullptr && branch->has_chain())
        out.push_back(branch->chain);
    const auto* map = std::get_if<VerdictMap>(&last);
    const Elements* elements = map == nullptr ? nullptr : elements_of(*map, table);
    if (elements == nullptr)
        return out;
    for (const Outcome& outcome : elements->outcomes())
        if (const auto* to = std::get_if<Branch>(&outcome); to != nullptr && to->has_chain())
            out.push_back(to->chain);
    return out;
}

std::unordered_set<const Chain*> reached_chains(const Table& table, const Chain& chain) {
    std::unordered_set<const Chain*> reached;
    std::vector<const Chain*> waiting{&chain};
    while (!waiting.empty()) {
        const Chain& next = *waiting.back();
        waiting.pop_back();
        for (const Rule& rule : next.rules)
            for (const std::string_view name : targets(rule, table))
                if (const Chain* target = table.find_chain(name); target != nullptr && reached.insert(target).second)
                    waiting.push_back(target);
    }
    return reached;
}

std::vector<std::string> devices_of(const Table& table, const Chain& chain) {
    if (chain.is_base)
        return chain.devices;
    std::vector<std::string> devices;
    for (const Chain& base : table.chains)
        devices.insert(devices.end(), base.devices.begin(), base.devices.end());
    return devices;
}

std::vector<const Rule*> rules_with_slots(const Table& table, const Chain& chain) {
    std::vector<const Rule*> out;
    out.reserve(chain.rules.size());
    for (const Rule& rule : chain.rules)
        out.push_back(&rule);
    for (const Chain& other : table.chains)
        if (!other.is_base)
            for (const Rule& rule : other.rules)
                out.push_back(&rule);
    return out;
}

std::optional<ReachFault> reach_fault(const Table& table, const Chain& chain) {
    return Walk(table).run(chain);
}

}  // namespace xdpctl::ruleset
