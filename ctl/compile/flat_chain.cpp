// SPDX-License-Identifier: BSD-2-Clause
#include "compile/flat_chain.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "ruleset/ifname.h"
#include "ruleset/reach.h"

namespace xdpctl::compile {
namespace {

using ruleset::Branch;
using ruleset::Chain;
using ruleset::Elements;
using ruleset::Field;
using ruleset::Lookup;
using ruleset::Match;
using ruleset::Relation;
using ruleset::Rule;
using ruleset::Set;
using ruleset::Statement;
using ruleset::Table;
using ruleset::VerdictMap;

void add_key(Match& match, const ruleset::Interval& key) {
    if (ruleset::info(match.field).type == ruleset::ValueType::Ifname)
        match.names.push_back(ruleset::ifname_pattern(key));
    else
        match.values.push_back(key);
}

// One field's lookup as a match with the elements.
Match match_of(Field field, Relation relation, const Elements& elements, std::span<const std::uint32_t> members) {
    Match match;
    match.field = field;
    match.relation = relation;
    match.is_set = true;
    for (const std::uint32_t member : members)
        add_key(match, elements.interval(member));
    return match;
}

std::vector<std::uint32_t> all_members(const Elements& elements) {
    std::vector<std::uint32_t> members(elements.size());
    std::iota(members.begin(), members.end(), 0U);
    return members;
}

Step test_of(Boxes boxes, Relation relation, std::span<const std::string> device_names) {
    if (boxes.fields.size() == 1)
        return condition(match_of(boxes.fields.front(), relation, *boxes.elements, boxes.members), device_names);
    return BoxTest{std::move(boxes), relation == Relation::NotEqual};
}

// Holds for every packet that has the field. REQUIRES: it is no interface.
Condition has_field(Field field) {
    const unsigned bits = ruleset::info(field).bits;
    Match any;
    any.field = field;
    any.values = {{0, bits == 128 ? ~ruleset::Value{0} : (ruleset::Value{1} << bits) - 1}};
    return condition(any, {});
}

// A packet that lacks a field is in none of the boxes, and is not meant.
void demand_fields(std::span<const Field> fields, std::vector<Step>& out) {
    for (const Field field : fields)
        if (!ruleset::is_interface(ruleset::info(field).type))
            out.emplace_back(has_field(field));
}

// Where no header's bit tells that a field is there, something else has to.
void add_lookup(const Lookup& lookup, const Set& set, std::uint32_t number, std::vector<Step>& out) {
    std::vector<Condition> places;
    for (const Field field : lookup.fields) {
        places.push_back(has_field(field));
        if (!places.back().always())
            out.emplace_back(places.back());
    }
    out.emplace_back(set_test(lookup, places, set, number));
}

Status check(const Set& set) {
    const std::string what = fmt::format("cannot compile the lookups in {} {}", set.is_map ? "map" : "set", set.name);
    const auto is_mortal = [](const ruleset::ElementNote& note) { return note.timeout.count() != 0; };
    if (set.timeout.count() != 0 || std::ranges::any_of(set.elements->notes(), is_mortal))
        return fail(ErrorKind::Unsupported, what, "elements that expire are not supported yet",
                    "leave the timeout out");
    if (set.counts)
        return fail(ErrorKind::Unsupported, what, "counters of elements are not supported yet",
                    "leave the set's counter out; rules can count");
    return {};
}

// Of the set that the lookup keeps asking.
std::optional<std::uint32_t> number_of(const Lookup& lookup, std::span<const Set* const> sets) {
    const auto found = std::ranges::find(sets, lookup.set, &Set::name);
    if (lookup.set.empty() || found == sets.end())
        return std::nullopt;
    return static_cast<std::uint32_t>(found - sets.begin());
}

class Flattener {
public:
    Flattener(const Table& table, std::span<const RuleSlot> slots, std::span<const Set* const> sets,
              std::span<const LimitSlot> limits)
        : table_(table), slots_(slots), limits_(limits.begin(), limits.end()) {
        out_.table = &table;
        out_.sets = sets;
    }

    Result<FlatChain> run(const Chain& chain) {
        first_slots_[&chain] = 0;
        std::size_t first = chain.rules.size();
        for (const Chain& other : table_.chains) {
            if (other.is_base)
                continue;
            first_slots_[&other] = first;
            first += other.rules.size();
        }
        if (limits_.empty())
            number_limits(chain);
        out_.rules.reserve(chain.rules.size());
        Returns returns;
        XDPCTL_TRY(add_chain(chain, returns));
        come_back(returns);
        return std::move(out_);
    }

private:
    // Rules that go to the end of a chain, wherever that will be.
    using Returns = std::vector<std::size_t>;

    void number_limits(const Chain& chain) {
        std::uint32_t next = 0;
        const auto number = [&](const Chain& of) {
            for (const Rule& rule : of.rules)
                limits_.push_back(LimitSlot{rule.limit() == nullptr ? 0 : next++});
        };
        number(chain);
        for (const Chain& other : table_.chains)
            if (!other.is_base)
                number(other);
    }

    Status add_chain(const Chain& chain, Returns& returns) {
        const std::size_t first = first_slots_.at(&chain);
        for (std::size_t i = 0; i < chain.rules.size(); ++i)
            XDPCTL_TRY(add_rule(chain.rules[i], slots_[first + i], limits_[first + i], returns));
        return {};
    }

    // Evaluation goes on behind what is there so far.
    void come_back(const Returns& returns) {
        for (const std::size_t rule : returns)
            out_.rules[rule].go = static_cast<std::uint32_t>(out_.rules.size());
    }

    void close_block(std::size_t rule) { out_.rules[rule].block_end = static_cast<std::uint32_t>(out_.rules.size()); }

    Status add_rule(const Rule& rule, RuleSlot slot, LimitSlot limit, Returns& returns) {
        for (const Statement& statement : rule.statements)
            if (const auto* lookup = std::get_if<Lookup>(&statement);
                lookup != nullptr && !lookup->set.empty() && !number_of(*lookup, out_.sets))
                XDPCTL_TRY(check(*table_.find_set(lookup->set)));
        const std::size_t index = out_.rules.size();
        out_.rules.push_back({.rule = &rule, .slot = slot, .limit = limit});
        if (rule.statements.empty())
            return {};
        if (const auto* branch = std::get_if<Branch>(&rule.statements.back()))
            return add_branch(*branch, index, returns);
        const auto* map = std::get_if<VerdictMap>(&rule.statements.back());
        return map == nullptr ? Status{} : add_map(*map, index, slot, returns);
    }

    // Where evaluation goes on for packets that the rule there holds for.
    Status add_branch(const Branch& branch, std::size_t index, Returns& returns) {
        if (branch.kind == Branch::Kind::Continue)
            return {};
        if (branch.kind == Branch::Kind::Return) {
            returns.push_back(index);
            return {};
        }
        const Chain& target = *table_.find_chain(branch.chain);
        if (branch.kind == Branch::Kind::Jump) {
            Returns own;
            XDPCTL_TRY(add_chain(target, own));
            come_back(own);
        } else {
            XDPCTL_TRY(add_chain(target, returns));
            returns.push_back(out_.rules.size());
            out_.rules.emplace_back();
        }
        close_block(index);
        return {};
    }

    Status add_map(const VerdictMap& map, std::size_t index, RuleSlot slot, Returns& returns) {
        if (!map.map.empty())
            XDPCTL_TRY(check(*table_.find_set(map.map)));
        const Elements& elements = *ruleset::elements_of(map, table_);
        std::vector<std::vector<std::uint32_t>> members(elements.outcomes().size());
        for (std::size_t element = 0; element < elements.size(); ++element)
            members[elements.outcome_of(element)].push_back(static_cast<std::uint32_t>(element));
        for (std::size_t outcome = 0; outcome < members.size(); ++outcome) {
            const std::size_t group = out_.rules.size();
            out_.rules.push_back(
                {.rule = nullptr, .group = static_cast<std::uint32_t>(out_.groups.size()), .slot = slot});
            MapGroup& made = out_.groups.emplace_back(
                MapGroup{Boxes{map.fields, &elements, std::move(members[outcome])}, std::nullopt});
            if (const auto* verdict = std::get_if<ruleset::Verdict>(&elements.outcomes()[outcome]))
                made.verdict = *verdict;
            else
                XDPCTL_TRY(add_branch(std::get<Branch>(elements.outcomes()[outcome]), group, returns));
        }
        close_block(index);
        return {};
    }

    const Table& table_;
    std::span<const RuleSlot> slots_;
    std::vector<LimitSlot> limits_;
    std::unordered_map<const Chain*, std::size_t> first_slots_;
    FlatChain out_;
};

}  // namespace

Condition Boxes::condition(std::size_t member, std::size_t part, std::span<const std::string> device_names) const {
    Match match;
    match.field = fields[part];
    add_key(match, elements->interval(members[member], part));
    return compile::condition(match, device_names);
}

std::uint32_t Boxes::headers() const {
    std::uint32_t headers = 0;
    for (const Field field : fields) {
        Match match;
        match.field = field;
        headers |= compile::condition(match, {}).headers;
    }
    return headers;
}

std::size_t FlatChain::weight() const {
    std::size_t weight = rules.size();
    for (const MapGroup& group : groups)
        weight += group.boxes.fields.size() > 1 ? group.boxes.members.size() : 0;
    for (const FlatRule& rule : rules) {
        if (rule.rule == nullptr)
            continue;
        for (const Statement& statement : rule.rule->statements)
            if (const auto* lookup = std::get_if<Lookup>(&statement);
                lookup != nullptr && lookup->fields.size() > 1 && !number_of(*lookup, sets))
                weight += ruleset::elements_of(*lookup, *table)->size();
    }
    return weight;
}

Result<FlatChain> flat_chain(const Chain& chain, const Table& table, std::span<const RuleSlot> slots,
                             std::span<const Set* const> sets, std::span<const LimitSlot> limits) {
    return Flattener(table, slots, sets, limits).run(chain);
}

Result<FlatChain> flat_chain(const Chain& chain, const Placement& placement) {
    static const Table none;
    return flat_chain(chain, placement.table == nullptr ? none : *placement.table, placement.rule_slots, placement.sets,
                      placement.limit_slots);
}

std::vector<Step> steps(const FlatChain& chain, const FlatRule& rule, std::span<const std::string> device_names) {
    std::vector<Step> out;
    if (rule.group != FlatRule::none) {
        const MapGroup& group = chain.groups[rule.group];
        out.push_back(test_of(group.boxes, Relation::Equal, device_names));
        if (group.verdict)
            out.emplace_back(DecideStep{*group.verdict});
        return out;
    }
    if (rule.rule == nullptr)
        return out;
    for (const Statement& statement : rule.rule->statements) {
        if (const auto* match = std::get_if<Match>(&statement)) {
            out.emplace_back(condition(*match, device_names));
        } else if (const auto* lookup = std::get_if<Lookup>(&statement)) {
            if (const auto number = number_of(*lookup, chain.sets)) {
                add_lookup(*lookup, *chain.sets[*number], *number, out);
                continue;
            }
            const Elements& elements = *ruleset::elements_of(*lookup, *chain.table);
            if (lookup->fields.size() > 1 && lookup->relation == Relation::NotEqual)
                demand_fields(lookup->fields, out);
            out.push_back(
                test_of(Boxes{lookup->fields, &elements, all_members(elements)}, lookup->relation, device_names));
        } else if (std::holds_alternative<ruleset::Counter>(statement)) {
            out.emplace_back(CountStep{});
        } else if (std::holds_alternative<ruleset::Log>(statement)) {
            out.emplace_back(LogStep{});
        } else if (std::holds_alternative<ruleset::Limit>(statement)) {
            out.emplace_back(LimitStep{rule.limit});
        } else if (const auto* verdict = std::get_if<ruleset::Verdict>(&statement)) {
            out.emplace_back(DecideStep{*verdict});
        }
    }
    return out;
}

}  // namespace xdpctl::compile
