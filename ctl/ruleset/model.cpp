// SPDX-License-Identifier: BSD-2-Clause
#include "ruleset/model.h"

#include <algorithm>
#include <limits>

namespace xdpctl::ruleset {

bool ends_rule(const Statement& statement) {
    const auto* branch = std::get_if<Branch>(&statement);
    return std::holds_alternative<Verdict>(statement) || std::holds_alternative<VerdictMap>(statement) ||
           (branch != nullptr && branch->kind != Branch::Kind::Continue);
}

FieldInfo field_of(const Match& match) {
    FieldInfo field = info(match.field);
    if (match.field == Field::Raw)
        field.bits = match.payload.length;
    return field;
}

std::uint64_t Limit::cost(std::uint32_t bytes) const {
    const auto nanoseconds = static_cast<std::uint64_t>(std::chrono::nanoseconds(per).count());
    return unit == Unit::Packets ? nanoseconds / rate : nanoseconds * bytes / rate;
}

std::uint64_t Limit::capacity() const {
    const auto nanoseconds = static_cast<std::uint64_t>(std::chrono::nanoseconds(per).count());
    return unit == Unit::Packets ? nanoseconds / rate * burst : nanoseconds * (rate + burst) / rate;
}

std::uint32_t Limit::bytes_max() const {
    constexpr std::uint32_t most = std::numeric_limits<std::uint32_t>::max();
    return unit == Unit::Packets ? most : static_cast<std::uint32_t>(std::min<std::uint64_t>(rate + burst, most));
}

const Counter* Rule::counter() const {
    for (const Statement& statement : statements)
        if (const auto* counter = std::get_if<Counter>(&statement))
            return counter;
    return nullptr;
}

void Rule::start_counter(const Count& start) {
    for (std::size_t i = 0; i < statements.size(); ++i)
        if (const auto* counter = std::get_if<Counter>(&statements[i]); counter != nullptr && counter->start != start)
            statements.set(i, Counter{start});
}

const Log* Rule::log() const {
    for (const Statement& statement : statements)
        if (const auto* log = std::get_if<Log>(&statement))
            return log;
    return nullptr;
}

const Limit* Rule::limit() const {
    for (const Statement& statement : statements)
        if (const auto* limit = std::get_if<Limit>(&statement))
            return limit;
    return nullptr;
}

std::optional<Verdict> Rule::verdict() const {
    for (const Statement& statement : statements)
        if (const auto* verdict = std::get_if<Verdict>(&statement))
            return *verdict;
    return std::nullopt;
}

bool Rule::can_decide(Verdict verdict, const Table& table) const {
    return std::ranges::any_of(statements, [&](const Statement& statement) {
        if (const auto* own = std::get_if<Verdict>(&statement))
            return *own == verdict;
        const auto* map = std::get_if<VerdictMap>(&statement);
        const Elements* elements = map == nullptr ? nullptr : elements_of(*map, table);
        return elements != nullptr &&
               std::ranges::find(elements->outcomes(), Outcome(verdict)) != elements->outcomes().end();
    });
}

const Set* Table::find_set(std::string_view set) const {
    const auto found = std::ranges::find(sets, set, &Set::name);
    return found == sets.end() ? nullptr : &*found;
}

const Chain* Table::find_chain(std::string_view chain) const {
    const auto found = std::ranges::find(chains, chain, &Chain::name);
    return found == chains.end() ? nullptr : &*found;
}

namespace {

const Elements* named_or(const std::string& name, const SharedElements& elements, const Table& table) {
    if (name.empty())
        return &*elements;
    const Set* set = table.find_set(name);
    return set == nullptr ? nullptr : &*set->elements;
}

}  // namespace

const Elements* elements_of(const Lookup& lookup, const Table& table) {
    return named_or(lookup.set, lookup.elements, table);
}

const Elements* elements_of(const VerdictMap& map, const Table& table) {
    return named_or(map.map, map.elements, table);
}

const Table* Ruleset::find_table(std::string_view table) const {
    const auto found = std::ranges::find(tables, table, &Table::name);
    return found == tables.end() ? nullptr : &*found;
}

const Chain* Ruleset::find_chain(std::string_view table, std::string_view chain) const {
    const Table* in = find_table(table);
    return in == nullptr ? nullptr : in->find_chain(chain);
}

std::string_view default_chain(Hook hook) {
    return hook == Hook::Ingress ? "ingress" : "egress";
}

}  // namespace xdpctl::ruleset
