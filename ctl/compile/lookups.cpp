// SPDX-License-Identifier: BSD-2-Clause
#include "compile/lookups.h"

#include <fmt/format.h>

#include <algorithm>

#include "maps/set.h"
#include "ruleset/reach.h"
#include "sets/key.h"

namespace xdpctl::compile {

using ruleset::Set;

bool has_live_elements(const Set& set) {
    return set.has_timeouts || set.timeout.count() != 0 || set.is_dynamic || set.counts;
}

bool is_looked_up(const Set& set) {
    constexpr std::size_t few = 64;  // take as long to compare as a lookup takes
    std::vector<unsigned> bits;
    for (const ruleset::KeyPart& part : set.key)
        bits.push_back(part.bits);
    // Interfaces are slots to a packet, and not all bits of headers say whether one is there.
    const bool has_others = std::ranges::any_of(set.key, [](const ruleset::KeyPart& part) {
        return ruleset::is_interface(part.type) || part.type == ruleset::ValueType::Existence;
    });
    // Boxes of several ranges are no keys that a hash could find.
    const bool has_boxes = set.is_interval && set.key.size() > 1;
    if (set.is_map || has_others || has_boxes || !sets::KeyLayout::fits_key(bits))
        return false;
    return has_live_elements(set) || set.elements->size() > few;
}

Result<std::vector<const Set*>> looked_up_sets(const ruleset::Chain& chain, const ruleset::Table& table) {
    std::vector<const Set*> sets;
    for (const ruleset::Rule* rule : ruleset::rules_with_slots(table, chain)) {
        for (const ruleset::Statement& statement : rule->statements) {
            const auto* lookup = std::get_if<ruleset::Lookup>(&statement);
            const Set* set = lookup == nullptr || lookup->set.empty() ? nullptr : table.find_set(lookup->set);
            if (set != nullptr && is_looked_up(*set) && std::ranges::find(sets, set) == sets.end())
                sets.push_back(set);
        }
    }
    if (sets.size() > XDPCTL_SETS_MAX)
        return fail(ErrorKind::Limit, fmt::format("cannot compile chain {}", chain.name),
                    fmt::format("its rules look keys up in {} sets; the limit is {}", sets.size(), XDPCTL_SETS_MAX),
                    "join sets, or spread the rules over tables");
    return sets;
}

}  // namespace xdpctl::compile
