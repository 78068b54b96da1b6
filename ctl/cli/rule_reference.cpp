// SPDX-License-Identifier: BSD-2-Clause
#include "cli/rule_reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "lang/print.h"

namespace xdpctl::cli {

namespace {

std::string rule_text(const ruleset::Rule& rule) {
    return lang::print_rule(rule, {.handles = false, .stateless = true, .count = {}});
}

std::string with_place(std::string text, const ruleset::Rule& rule, const NamedRuleset& in) {
    if (const std::string place = place_of(rule, in); !place.empty())
        text += fmt::format(" ({})", place);
    return text;
}

}  // namespace

std::string place_of(const ruleset::Rule& rule, const NamedRuleset& in) {
    if (rule.position.text >= in.sources.size() || rule.position.line == 0)
        return {};
    return fmt::format("{}:{}", in.sources[rule.position.text], rule.position.line);
}

std::string reference(const ruleset::Rule& rule, const NamedRuleset& in) {
    return with_place(fmt::format("{} # handle {}", rule_text(rule), std::to_underlying(rule.handle)), rule, in);
}

std::string unnumbered_reference(const ruleset::Rule& rule, const NamedRuleset& in) {
    return with_place(rule_text(rule), rule, in);
}

std::string shortened_rule(const ruleset::Rule& rule) {
    constexpr std::size_t shown = 100;
    const std::string text = rule_text(rule);
    return text.size() > shown ? text.substr(0, shown) + "..." : text;
}

nlohmann::json rule_json(const ruleset::Rule& rule, const NamedRuleset& in) {
    nlohmann::json out{{"rule", rule_text(rule)}, {"handle", std::to_underlying(rule.handle)}};
    if (!rule.comment.empty())
        out["comment"] = rule.comment;
    if (!place_of(rule, in).empty()) {
        out["file"] = in.sources[rule.position.text];
        out["line"] = rule.position.line;
    }
    return out;
}

const ruleset::Rule* find_rule(const ruleset::Table& table, Handle handle) {
    for (const ruleset::Chain& chain : table.chains)
        for (const ruleset::Rule& rule : chain.rules)
            if (rule.handle == handle)
                return &rule;
    return nullptr;
}

}  // namespace xdpctl::cli
