// SPDX-License-Identifier: BSD-2-Clause
// Handles across an apply: which rules of the next ruleset are rules of the running one.
#include <algorithm>
#include <unordered_map>

#include "ruleset/edit.h"
#include "ruleset/statement_hash.h"

namespace xdpctl::ruleset {
namespace {

// Hash and equality by meaning: what a counter starts with does not count.
struct MeaningHash {
    std::size_t operator()(const Rule* rule) const {
        std::size_t hash = std::hash<std::string>{}(rule->comment);
        for (const Statement& statement : rule->statements)
            hash = combine_hashes(hash, std::holds_alternative<Counter>(statement) ? 1 : hash_of(statement));
        return hash;
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
            if (found)
                share(*queue->first, rule);
        }
    }

    // What rules of one meaning say is there once: all but what their counters start with.
    static void share(const Rule& kept, Rule& rule) {
        const Counter* counter = rule.counter();
        const Count start = counter == nullptr ? Count{} : counter->start;
        rule.statements = kept.statements;
        rule.start_counter(start);
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
