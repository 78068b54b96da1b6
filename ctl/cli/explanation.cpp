// SPDX-License-Identifier: BSD-2-Clause
#include "cli/explanation.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "lang/format_match.h"
#include "lang/print.h"
#include "lang/value.h"
#include "packet/describe.h"
#include "stats/names.h"

namespace xdpctl::cli {

namespace {

using story::Step;
using story::Test;

constexpr std::size_t nearly_shown = 5;
constexpr std::size_t match_shown = 120;  // bytes of a match with a long set

std::string shortened(std::string text) {
    if (text.size() > match_shown)
        text = text.substr(0, match_shown) + "...";
    return text;
}

std::string rule_text(const ruleset::Rule& rule) {
    return lang::print_rule(rule, {.handles = false, .stateless = true, .count = {}});
}

std::string match_text(const Test& test) {
    return shortened(lang::format_match(*test.match));
}

std::string field_text(const Test& test) {
    if (test.match->field == ruleset::Field::Raw)
        return lang::format_payload(test.match->payload);
    return lang::field_name(ruleset::info(test.match->field));
}

bool compares_names(const Test& test) {
    return ruleset::is_interface(ruleset::info(test.match->field).type);
}

std::string value_text(const Test& test, const Explanation& explanation) {
    if (!compares_names(test))
        return lang::format_element(ruleset::field_of(*test.match), {*test.found, *test.found});
    const auto& devices = explanation.place.chain->devices;
    return *test.found < devices.size() ? devices[static_cast<std::size_t>(*test.found)] : "no name";
}

std::string element_text(const Test& test) {
    return lang::format_element(ruleset::field_of(*test.match), *test.element);
}

// "tcp dport 23: the packet has 22"
std::string text(const Test& test, const Explanation& explanation) {
    if (!test.found)
        return fmt::format("{}: the packet has no {}", match_text(test), field_text(test));
    std::string out = fmt::format("{}: the packet has {}", match_text(test), value_text(test, explanation));
    if (test.element)
        out += fmt::format(", in {}", element_text(test));
    return out;
}

nlohmann::json json(const Test& test, const Explanation& explanation) {
    nlohmann::json out{{"match", lang::format_match(*test.match)}, {"holds", test.holds}};
    if (test.found)
        out["found"] = value_text(test, explanation);
    if (test.element)
        out["element"] = element_text(test);
    return out;
}

nlohmann::json rule_json(const ruleset::Rule& rule, const Explanation& explanation) {
    nlohmann::json out{{"rule", rule_text(rule)}, {"handle", std::to_underlying(rule.handle)}};
    if (!rule.comment.empty())
        out["comment"] = rule.comment;
    if (const std::string place = place_of(rule, *explanation.in); !place.empty()) {
        out["file"] = explanation.in->sources.at(rule.position.text);
        out["line"] = rule.position.line;
    }
    return out;
}

nlohmann::json json(const Step& step, const Explanation& explanation) {
    nlohmann::json out = rule_json(*step.rule, explanation);
    out["number"] = step.number;
    out["tests"] = nlohmann::json::array();
    for (const Test& test : step.tests)
        out["tests"].push_back(json(test, explanation));
    return out;
}

// The rule that decided, by the programs.
const ruleset::Rule* decided_rule(const Explanation& explanation) {
    if (!explanation.outcome.rule)
        return nullptr;
    const auto& rules = explanation.place.chain->rules;
    const auto found = std::ranges::find(rules, *explanation.outcome.rule, &ruleset::Rule::handle);
    return found == rules.end() ? nullptr : &*found;
}

std::string chain_text(const Explanation& explanation) {
    const ruleset::Chain& chain = *explanation.place.chain;
    return fmt::format("chain netdev {} {}, hook {}", explanation.place.table->name, chain.name,
                       stats::name(chain.hook));
}

// What the verdict comes from.
std::string origin(const Explanation& explanation) {
    if (const ruleset::Rule* rule = decided_rule(explanation))
        return reference(*rule, *explanation.in);
    const xdpctl_reason reason = explanation.outcome.reason;
    if (reason < XDPCTL_MALFORMED_FIRST)
        return std::string(stats::meaning(reason));
    return fmt::format("{}: {}; no rule decided, so the chain's policy does", stats::name(reason),
                       stats::meaning(reason));
}

// Rules in front of the one that decided, which the packet passed through: those that matched and have no verdict.
std::vector<const Step*> passed(const story::Story& story) {
    std::vector<const Step*> steps;
    for (const Step& step : story.steps)
        if (&step != story.decided() && step.matched())
            steps.push_back(&step);
    return steps;
}

std::vector<const Step*> nearly_matched(const story::Story& story) {
    std::vector<const Step*> steps;
    for (const Step& step : story.steps)
        if (step.nearly_matched())
            steps.push_back(&step);
    return steps;
}

const Test& failed_test(const Step& step) {
    return *std::ranges::find(step.tests, false, &Test::holds);
}

std::string defect_text(const Explanation& explanation) {
    const Step* step = explanation.story.decided();
    return fmt::format(
        "  DEFECT: the programs and the model disagree: by the model it is {}, {}\n"
        "    please report this with the ruleset and the packet\n",
        stats::name(explanation.story.verdict),
        step != nullptr ? reference(*step->rule, *explanation.in) : std::string(stats::name(explanation.story.reason)));
}

bool can_tell(const ruleset::Rule& rule) {
    return std::ranges::none_of(rule.statements, [](const ruleset::Statement& statement) {
        return std::holds_alternative<ruleset::Lookup>(statement) ||
               std::holds_alternative<ruleset::VerdictMap>(statement) ||
               std::holds_alternative<ruleset::Branch>(statement);
    });
}

}  // namespace

bool Explanation::agrees() const {
    const Step* step = story.decided();
    const bool same_rule = step != nullptr ? outcome.rule == step->rule->handle : !outcome.rule;
    return outcome.verdict == story.verdict && outcome.reason == story.reason && same_rule;
}

std::string place_of(const ruleset::Rule& rule, const NamedRuleset& in) {
    if (rule.position.text >= in.sources.size() || rule.position.line == 0)
        return {};
    return fmt::format("{}:{}", in.sources[rule.position.text], rule.position.line);
}

std::string reference(const ruleset::Rule& rule, const NamedRuleset& in) {
    std::string out = fmt::format("{} # handle {}", rule_text(rule), std::to_underlying(rule.handle));
    if (const std::string place = place_of(rule, in); !place.empty())
        out += fmt::format(" ({})", place);
    return out;
}

std::string text(const Explanation& explanation) {
    std::string out =
        fmt::format("{}\n  {}: {}\n  in {}\n", explanation.packet, stats::name(explanation.outcome.verdict),
                    origin(explanation), chain_text(explanation));
    if (!explanation.agrees())
        out += defect_text(explanation);
    if (const Step* step = explanation.story.decided()) {
        out += fmt::format("  rule {} of {} matched:\n", step->number, explanation.place.chain->rules.size());
        for (const Test& test : step->tests)
            out += fmt::format("    {}\n", text(test, explanation));
        if (step->tests.empty())
            out += "    every packet does\n";
    }
    if (explanation.outcome.packet.malformed != 0 && explanation.outcome.reason == XDPCTL_REASON_RULE) {
        const auto malformed = static_cast<xdpctl_reason>(explanation.outcome.packet.malformed);
        out += fmt::format("  the packet is {}: {}\n", stats::name(malformed), stats::meaning(malformed));
    }
    if (const auto steps = passed(explanation.story); !steps.empty()) {
        out += "  rules without a verdict that it passed:\n";
        for (const Step* step : steps)
            out += fmt::format("    {}\n", reference(*step->rule, *explanation.in));
    }
    const auto nearly = nearly_matched(explanation.story);
    const std::size_t shown = explanation.lists_all ? nearly.size() : std::min(nearly.size(), nearly_shown);
    if (shown > 0)
        out += "  nearly matched:\n";
    for (std::size_t i = 0; i < shown; ++i)
        out += fmt::format("    {}\n      {}\n", reference(*nearly[i]->rule, *explanation.in),
                           text(failed_test(*nearly[i]), explanation));
    if (shown < nearly.size())
        out += fmt::format("    ... {} more: --all shows them\n", nearly.size() - shown);
    return out;
}

nlohmann::json json(const Explanation& explanation) {
    const ruleset::Chain& chain = *explanation.place.chain;
    nlohmann::json out{{"packet", explanation.packet},
                       {"verdict", stats::name(explanation.outcome.verdict)},
                       {"reason", stats::name(explanation.outcome.reason)},
                       {"meaning", stats::meaning(explanation.outcome.reason)},
                       {"table", explanation.place.table->name},
                       {"chain", chain.name},
                       {"hook", stats::name(chain.hook)},
                       {"agrees", explanation.agrees()}};
    if (const ruleset::Rule* rule = decided_rule(explanation))
        out["decided"] = rule_json(*rule, explanation);
    if (const auto malformed = static_cast<xdpctl_reason>(explanation.outcome.packet.malformed); malformed != 0)
        out["malformed"] = stats::name(malformed);
    if (const Step* step = explanation.story.decided(); step != nullptr && explanation.agrees())
        out["decided"] = json(*step, explanation);
    if (!explanation.agrees()) {
        out["model"] = {{"verdict", stats::name(explanation.story.verdict)},
                        {"reason", stats::name(explanation.story.reason)}};
        if (const Step* step = explanation.story.decided())
            out["model"]["decided"] = json(*step, explanation);
    }
    out["passed"] = nlohmann::json::array();
    for (const Step* step : passed(explanation.story))
        out["passed"].push_back(json(*step, explanation));
    out["nearly"] = nlohmann::json::array();
    for (const Step* step : nearly_matched(explanation.story))
        out["nearly"].push_back(json(*step, explanation));
    return out;
}

Result<Explanation> explain(testrun::Runner& runner, const ChosenChain& chosen, std::span<const std::byte> frame) {
    if (!std::ranges::all_of(chosen.place.chain->rules, can_tell))
        return fail(ErrorKind::Unsupported, fmt::format("cannot explain chain {}", chosen.place.chain->name),
                    "lookups in sets, verdict maps and jumps are not told yet", "xdpctl test-run gives the verdict");
    auto outcome = runner.run(frame);
    if (!outcome)
        return std::unexpected(std::move(outcome).error());
    Explanation explanation;
    explanation.packet = packet::describe(outcome->packet, frame);
    explanation.story = story::tell(*chosen.place.chain, outcome->packet, frame);
    explanation.outcome = *std::move(outcome);
    explanation.in = &chosen.in;
    explanation.place = chosen.place;
    return explanation;
}

}  // namespace xdpctl::cli
