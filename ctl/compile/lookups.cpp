// SPDX-License-Identifier: BSD-2-Clause
#include "compile/lookups.h"

#include <fmt/format.h>

#include <algorithm>

#include "ruleset/ifname.h"

namespace xdpctl::compile {
namespace {

using ruleset::Chain;
using ruleset::Elements;
using ruleset::Lookup;
using ruleset::Match;
using ruleset::Rule;
using ruleset::Set;
using ruleset::Statement;

Status check(const Set& set) {
    const std::string what = fmt::format("cannot compile the lookups in set {}", set.name);
    const auto is_mortal = [](const ruleset::ElementNote& note) { return note.timeout.count() != 0; };
    if (set.timeout.count() != 0 || std::ranges::any_of(set.elements->notes(), is_mortal))
        return fail(ErrorKind::Unsupported, what, "elements that expire are not supported yet",
                    "leave the timeout out");
    if (set.counts)
        return fail(ErrorKind::Unsupported, what, "counters of elements are not supported yet",
                    "leave the set's counter out; rules can count");
    return {};
}

Match match_of(const Lookup& lookup, const Elements& elements) {
    Match match;
    match.field = lookup.field;
    match.relation = lookup.relation;
    match.is_set = true;
    for (std::size_t element = 0; element < elements.size(); ++element) {
        if (ruleset::info(lookup.field).type == ruleset::ValueType::Ifname)
            match.names.push_back(ruleset::ifname_pattern(elements.interval(element)));
        else
            match.values.push_back(elements.interval(element));
    }
    return match;
}

}  // namespace

bool has_lookups(const Chain& chain) {
    return std::ranges::any_of(chain.rules, [](const Rule& rule) {
        return std::ranges::any_of(
            rule.statements, [](const Statement& statement) { return std::holds_alternative<Lookup>(statement); });
    });
}

Result<Chain> without_lookups(const Chain& chain, const ruleset::Table& table) {
    Chain out = chain;
    for (Rule& rule : out.rules) {
        for (Statement& statement : rule.statements) {
            const auto* lookup = std::get_if<Lookup>(&statement);
            if (lookup == nullptr)
                continue;
            const Set& set = *table.find_set(lookup->set);
            XDPCTL_TRY(check(set));
            statement = match_of(*lookup, *set.elements);
        }
    }
    return out;
}

}  // namespace xdpctl::compile
