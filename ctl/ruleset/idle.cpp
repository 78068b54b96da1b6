// SPDX-License-Identifier: BSD-2-Clause
#include "ruleset/idle.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "ruleset/reach.h"

namespace xdpctl::ruleset {
namespace {

class Search {
public:
    explicit Search(const Table& table) : table_(table) {
        for (const Chain& chain : table.chains) {
            if (chain.is_base)
                for (const Chain* reached : reached_chains(table, chain))
                    reached_.insert(reached);
            for (const Rule& rule : chain.rules)
                for (const Statement& statement : rule.statements)
                    if (const std::string* name = set_of(statement))
                        used_.insert(*name);
        }
    }

    void run(std::vector<std::string>& found) const {
        for (const Set& set : table_.sets) {
            const std::string_view kind = set.is_map ? "map" : "set";
            if (!used_.contains(set.name))
                found.push_back(fmt::format("{} {} {} is used by no rule", kind, table_.name, set.name));
            else if (set.elements->empty() && !set.is_dynamic)
                found.push_back(
                    fmt::format("{} {} {} has no element: lookups in it find nothing", kind, table_.name, set.name));
        }
        for (const Chain& chain : table_.chains)
            if (!chain.is_base && !reached_.contains(&chain))
                found.push_back(
                    fmt::format("chain {} {} has no hook, and no jump leads there", table_.name, chain.name));
    }

private:
    // The named set or map that the statement asks.
    static const std::string* set_of(const Statement& statement) {
        if (const auto* lookup = std::get_if<Lookup>(&statement))
            return &lookup->set;
        const auto* map = std::get_if<VerdictMap>(&statement);
        return map == nullptr ? nullptr : &map->map;
    }

    const Table& table_;
    std::unordered_set<const Chain*> reached_;
    std::unordered_set<std::string> used_;
};

}  // namespace

std::vector<std::string> idle_parts(const Ruleset& ruleset) {
    std::vector<std::string> found;
    for (const Table& table : ruleset.tables)
        Search(table).run(found);
    return found;
}

}  // namespace xdpctl::ruleset
