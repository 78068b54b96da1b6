// SPDX-License-Identifier: BSD-2-Clause
// What a ruleset must do, wherever it came from: it prints as something that parses to the same, as text and as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "fuzz/fuzz.h"
#include "lang/outline.h"
#include "lang/parse.h"
#include "lang/print.h"

namespace xdpctl::test {

inline void require_round_trip(const ruleset::Ruleset& ruleset) {
    const std::string printed = lang::print_ruleset(ruleset);
    const auto again = lang::parse_ruleset(printed, "printed");
    require(again.has_value(), "what was printed does not parse", printed);
    require(*again == ruleset, "what was printed means something else", printed);
    require(lang::print_ruleset(*again) == printed, "printing is not stable", printed);
    // JSON has whole seconds.
    const std::string document = lang::ruleset_json(ruleset).dump();
    const auto read = lang::parse_ruleset(document, "document");
    require(read.has_value(), "the JSON that was printed does not parse", document);
    require(lang::ruleset_json(*read).dump() == document, "the JSON that was printed means something else", document);
}

// Its outline says of rules what they print as. Handles are given out here.
inline void require_outline(ruleset::Ruleset ruleset) {
    std::uint64_t handle = 0;
    for (ruleset::Table& table : ruleset.tables) {
        table.handle = Handle{++handle};
        for (ruleset::Set& set : table.sets)
            set.handle = Handle{++handle};
        for (ruleset::Chain& chain : table.chains) {
            chain.handle = Handle{++handle};
            for (ruleset::Rule& rule : chain.rules)
                rule.handle = Handle{++handle};
        }
    }
    const std::string printed = lang::print_ruleset(ruleset, {.handles = true, .stateless = false, .count = {}});
    const auto outline = lang::read_outline(printed, "printed");
    require(outline.has_value(), "what was printed has no outline", printed);
    for (const ruleset::Table& table : ruleset.tables) {
        for (const ruleset::Chain& chain : table.chains) {
            const auto& lines = outline->rules_of(chain);
            require(lines.size() == chain.rules.size(), "the outline has other rules", printed);
            for (std::size_t i = 0; i < lines.size(); ++i) {
                const ruleset::Rule& rule = chain.rules[i];
                const ruleset::Counter* counter = rule.counter();
                require(lines[i].handle == rule.handle, "the outline has other handles", printed);
                require(lines[i].start == (counter ? std::optional(counter->start) : std::nullopt),
                        "the outline counts otherwise", printed);
                require(lines[i].stateless() == lang::print_rule(rule, {.stateless = true, .count = {}}),
                        "the outline's rule is another one", printed);
            }
        }
    }
}

}  // namespace xdpctl::test
