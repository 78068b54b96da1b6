// SPDX-License-Identifier: BSD-2-Clause
#include "ruleset/model.h"

#include <algorithm>

namespace xdpctl::ruleset {

const Counter* Rule::counter() const {
    for (const Statement& statement : statements)
        if (const auto* counter = std::get_if<Counter>(&statement))
            return counter;
    return nullptr;
}

const Log* Rule::log() const {
    for (const Statement& statement : statements)
        if (const auto* log = std::get_if<Log>(&statement))
            return log;
    return nullptr;
}

std::optional<Verdict> Rule::verdict() const {
    for (const Statement& statement : statements)
        if (const auto* verdict = std::get_if<Verdict>(&statement))
            return *verdict;
    return std::nullopt;
}

const Set* Table::find_set(std::string_view set) const {
    const auto found = std::ranges::find(sets, set, &Set::name);
    return found == sets.end() ? nullptr : &*found;
}

const Table* Ruleset::find_table(std::string_view table) const {
    const auto found = std::ranges::find(tables, table, &Table::name);
    return found == tables.end() ? nullptr : &*found;
}

const Chain* Ruleset::find_chain(std::string_view table, std::string_view chain) const {
    const Table* in = find_table(table);
    if (in == nullptr)
        return nullptr;
    const auto found = std::ranges::find(in->chains, chain, &Chain::name);
    return found == in->chains.end() ? nullptr : &*found;
}

std::string_view default_chain(Hook hook) {
    return hook == Hook::Ingress ? "ingress" : "egress";
}

}  // namespace xdpctl::ruleset
