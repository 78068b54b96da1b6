// SPDX-License-Identifier: BSD-2-Clause
#include "support/random_table.h"

#include <algorithm>
#include <string>
#include <utility>

#include "ruleset/ifname.h"
#include "support/random_chain.h"

namespace xdpctl::test {

namespace {

using ruleset::Branch;
using ruleset::Chain;
using ruleset::Elements;
using ruleset::ElementsBuilder;
using ruleset::Field;
using ruleset::Interval;
using ruleset::Match;
using ruleset::Outcome;
using ruleset::Relation;
using ruleset::Rule;
using ruleset::SharedElements;
using ruleset::Table;
using ruleset::Verdict;

class TableMaker {
public:
    TableMaker(std::mt19937& random, ruleset::Hook hook) : random_(random), hook_(hook) {}

    Table make(std::size_t rules) {
        constexpr std::size_t regular_chains = 4;
        table_.name = "random";
        table_.chains.push_back(random_chain(random_, hook_, rules));
        for (std::size_t i = 0; i < regular_chains; ++i) {
            Chain chain = random_chain(random_, hook_, below(6));
            chain.name = std::string(1, static_cast<char>('a' + i));
            chain.is_base = false;
            chain.devices.clear();
            chain.policy = Verdict::Accept;
            table_.chains.push_back(std::move(chain));
        }
        for (std::size_t chain = 0; chain < table_.chains.size(); ++chain)
            for (Rule& rule : table_.chains[chain].rules)
                change(rule, chain);
        return std::move(table_);
    }

private:
    std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_); }
    bool one_in(std::size_t n) { return below(n) == 0; }

    void change(Rule& rule, std::size_t chain) {
        if (one_in(3))
            rule.statements.insert(rule.statements.begin(), lookup());
        if (rule.statements.empty() || ruleset::ends_rule(rule.statements.back()) || one_in(2))
            return;
        if (one_in(2)) {
            const Branch next = branch(chain);
            rule.statements.emplace_back(next);
        } else {
            rule.statements.emplace_back(map(chain));
        }
    }

    // Sets have no elements of these, or not every layer knows them.
    static bool can_be_key(Field field) {
        switch (field) {
        case Field::MetaIif:
        case Field::MetaOif:
        case Field::MetaMark:
        case Field::MetaPriority:
        case Field::MetaPkttype:
        case Field::MetaCpu:
        case Field::MetaRandom:
        case Field::Raw:
            return false;
        default:
            return ruleset::info(field).type != ruleset::ValueType::Existence;
        }
    }

    std::vector<Field> fields() {
        const auto all = ruleset::fields();
        std::vector<Field> out;
        for (std::size_t left = one_in(2) ? 1 : 2 + below(2); left > 0;) {
            const Field field = all[below(all.size())].field;
            if (field == (hook_ == ruleset::Hook::Ingress ? Field::MetaOifname : Field::MetaIifname) ||
                !can_be_key(field))
                continue;
            out.push_back(field);
            --left;
        }
        return out;
    }

    // As a rule of a random chain has them.
    Interval interval(Field field) {
        if (ruleset::info(field).type == ruleset::ValueType::Ifname) {
            constexpr std::string_view names[] = {"eth0", "eth1", "eth*", "wan0", "lan*"};
            return ruleset::ifname_interval(names[below(std::size(names))]);
        }
        const unsigned bits = ruleset::info(field).bits;
        const ruleset::Value highest = bits == 128 ? ~ruleset::Value{0} : (ruleset::Value{1} << bits) - 1;
        const ruleset::Value value = (ruleset::Value{random_()} << 96 | ruleset::Value{random_()} << 64 |
                                      ruleset::Value{random_()} << 32 | random_()) &
                                     highest;
        if (one_in(2))
            return {value, value};
        const ruleset::Value host = (ruleset::Value{1} << below(bits)) - 1;
        return {value & ~host, value | host};
    }

    // Keeps out what overlaps, so that a map can have it.
    Elements elements(const std::vector<Field>& keys, std::size_t chain, bool is_map) {
        std::vector<std::vector<Interval>> made;
        for (std::size_t left = 1 + below(6); left > 0; --left) {
            std::vector<Interval> key;
            for (const Field field : keys)
                key.push_back(interval(field));
            const auto overlaps = [&](const std::vector<Interval>& other) {
                for (std::size_t part = 0; part < key.size(); ++part)
                    if (key[part].first > other[part].last || other[part].first > key[part].last)
                        return false;
                return true;
            };
            if (std::ranges::none_of(made, overlaps))
                made.push_back(std::move(key));
        }
        unsigned bits = 1;
        for (const Field field : keys)
            bits = ruleset::info(field).bits == 0 ? 128 : std::max(bits, ruleset::info(field).bits);
        ElementsBuilder builder(keys.size(), bits);
        for (const auto& key : made) {
            builder.add(key);
            if (is_map)
                builder.outcome(outcome(chain));
        }
        return *std::move(builder).finish(ElementsBuilder::Overlap::Refuse);
    }

    Outcome outcome(std::size_t chain) {
        if (one_in(2))
            return one_in(2) ? Verdict::Accept : Verdict::Drop;
        return branch(chain);
    }

    Branch branch(std::size_t chain) {
        using Kind = Branch::Kind;
        const std::size_t later = table_.chains.size() - chain - 1;
        const Kind kind = later == 0 ? (one_in(2) ? Kind::Return : Kind::Continue) : static_cast<Kind>(below(4));
        if (kind != Kind::Jump && kind != Kind::Goto)
            return {kind, {}};
        return {kind, table_.chains[chain + 1 + below(later)].name};
    }

    // Named or not; of one field only named.
    std::string name_or_keep(const std::vector<Field>& keys, Elements& made, bool is_map) {
        if (one_in(2) && (is_map || keys.size() > 1))
            return {};
        ruleset::Set set;
        set.name = "s" + std::to_string(table_.sets.size());
        set.is_map = is_map;
        set.is_interval = true;
        for (const Field field : keys)
            set.key.push_back(ruleset::key_part(field));
        set.elements = SharedElements(std::exchange(made, {}));
        table_.sets.push_back(set);
        return set.name;
    }

    ruleset::Lookup lookup() {
        ruleset::Lookup out{.fields = fields(), .relation = {}, .set = {}, .elements = {}, .position = {}};
        out.relation = one_in(2) ? Relation::NotEqual : Relation::Equal;
        Elements made = elements(out.fields, 0, false);
        out.set = name_or_keep(out.fields, made, false);
        out.elements = SharedElements(std::move(made));
        return out;
    }

    ruleset::VerdictMap map(std::size_t chain) {
        ruleset::VerdictMap out{.fields = fields(), .map = {}, .elements = {}, .position = {}};
        Elements made = elements(out.fields, chain, true);
        out.map = name_or_keep(out.fields, made, true);
        out.elements = SharedElements(std::move(made));
        return out;
    }

    std::mt19937& random_;
    ruleset::Hook hook_;
    Table table_;
};

void add_values(Rule& rule, const std::vector<Field>& fields, const Elements& elements) {
    for (std::size_t part = 0; part < fields.size(); ++part) {
        Match match;
        match.field = fields[part];
        for (std::size_t element = 0; element < elements.size(); ++element) {
            if (ruleset::info(match.field).type == ruleset::ValueType::Ifname)
                match.names.push_back(ruleset::ifname_pattern(elements.interval(element, part)));
            else
                match.values.push_back(elements.interval(element, part));
        }
        rule.statements.emplace_back(std::move(match));
    }
}

}  // namespace

Table random_table(std::mt19937& random, ruleset::Hook hook, std::size_t rules) {
    return TableMaker(random, hook).make(rules);
}

Chain all_values(const Table& table) {
    Chain out = table.chains.front();
    out.rules.clear();
    for (const Chain& chain : table.chains) {
        for (const Rule& rule : chain.rules) {
            Rule& plain = out.rules.emplace_back();
            for (const ruleset::Statement& statement : rule.statements) {
                if (const auto* match = std::get_if<Match>(&statement))
                    plain.statements.emplace_back(*match);
                else if (const auto* lookup = std::get_if<ruleset::Lookup>(&statement))
                    add_values(plain, lookup->fields, *ruleset::elements_of(*lookup, table));
                else if (const auto* map = std::get_if<ruleset::VerdictMap>(&statement))
                    add_values(plain, map->fields, *ruleset::elements_of(*map, table));
            }
        }
    }
    return out;
}

}  // namespace xdpctl::test
