// SPDX-License-Identifier: BSD-2-Clause
// Handles across an apply: which rules of the next ruleset are rules of the running one.
#include <algorithm>
#include <unordered_map>

#include "ruleset/edit.h"

namespace xdpctl::ruleset {
namespace {

void mix(std::size_t& seed, std::uint64_t value) {
    seed ^= std::hash<std::uint64_t>{}(value) + 0x9e3779b97f4a7c15U + (seed << 6U) + (seed >> 2U);
}

void mix(std::size_t& seed, Value value) {
    mix(seed, static_cast<std::uint64_t>(value));
    mix(seed, static_cast<std::uint64_t>(value >> 64U));
}

void mix(std::size_t& seed, const Match& match) {
    mix(seed, static_cast<std::uint64_t>(match.field) << 8U | static_cast<std::uint64_t>(match.relation));
    if (match.mask)
        mix(seed, *match.mask);
    for (const Interval& interval : match.values) {
        mix(seed, interval.first);
        mix(seed, interval.last);
    }
    for (const std::string& name : match.names)
        mix(seed, std::uint64_t{std::hash<std::string>{}(name)});
}

// Hash and equality by meaning: what a counter starts with does not count.
struct MeaningHash {
    std::size_t operator()(const Rule* rule) const {
        std::size_t seed = std::hash<std::string>{}(rule->comment);
        for (const Statement& statement : rule->statements) {
            mix(seed, std::uint64_t{statement.index()});
            if (const auto* match = std::get_if<Match>(&statement))
                mix(seed, *match);
            else if (const auto* log = std::get_if<Log>(&statement))
                mix(seed, std::uint64_t{std::hash<std::string>{}(log->prefix)});
            else if (const auto* lookup = std::get_if<Lookup>(&statement))
                mix(seed, std::uint64_t{std::hash<std::string>{}(lookup->set)});
            else if (const auto* map = std::get_if<VerdictMap>(&statement))
                mix(seed, std::uint64_t{std::hash<std::string>{}(map->map)});
            else if (const auto* branch = std::get_if<Branch>(&statement))
                mix(seed, std::uint64_t{std::hash<std::string>{}(branch->chain)});
            else if (const auto* verdict = std::get_if<Verdict>(&statement))
                mix(seed, static_cast<std::uint64_t>(*verdict));
        }
        return seed;
    }
};

struct MeaningEqual {
    bool operator()(const Rule* a, const Rule* b) const {
        const auto same = [](const Statement& x, const Statement& y) {
            return (std::holds_alternative<Counter>(x) && std::holds_alternative<Counter>(y)) || x == y;
        };
        return a->comment == b->comment && std::ranges::equal(a->statements, b->statements, same);
    }
};

// The running rules of one meaning in their order; the next ruleset takes them from the front.
struct Queue {
    std::vector<Handle> handles;
    std::size_t taken = 0;
};

class Adoption {
public:
    Adoption(const Ruleset& running, Ruleset& next)
        : running_(running), next_(next), last_(std::max(running.last_handle, next.last_handle)) {}

    void run() {
        for (Table& table : next_.tables) {
            const Table* kept = running_.find_table(table.name);
            table.handle = kept != nullptr ? kept->handle : fresh();
            for (Set& set : table.sets) {
                const Set* known = kept != nullptr ? kept->find_set(set.name) : nullptr;
                set.handle =
                    known != nullptr && known->key == set.key && known->is_map == set.is_map ? known->handle : fresh();
            }
            for (Chain& chain : table.chains)
                adopt(chain, running_.find_chain(table.name, chain.name));
        }
        next_.last_handle = last_;
    }

private:
    void adopt(Chain& chain, const Chain* running) {
        const bool is_kept = running != nullptr && running->is_base == chain.is_base && running->hook == chain.hook;
        chain.handle = is_kept ? running->handle : fresh();
        std::unordered_map<const Rule*, Queue, MeaningHash, MeaningEqual> queues;
        if (is_kept)
            for (const Rule& rule : running->rules)
                queues[&rule].handles.push_back(rule.handle);
        for (Rule& rule : chain.rules) {
            const auto queue = queues.find(&rule);
            const bool found = queue != queues.end() && queue->second.taken < queue->second.handles.size();
            rule.handle = found ? queue->second.handles[queue->second.taken++] : fresh();
        }
    }

    Handle fresh() { return last_ = Handle{static_cast<std::uint64_t>(last_) + 1}; }

    const Ruleset& running_;
    Ruleset& next_;
    Handle last_;
};

}  // namespace

Status adopt_handles(const Ruleset& running, Ruleset& next) {
    XDPCTL_TRY(validate(next));
    Adoption{running, next}.run();
    return {};
}

}  // namespace xdpctl::ruleset
