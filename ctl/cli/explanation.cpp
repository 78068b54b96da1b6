// SPDX-License-Identifier: BSD-2-Clause
#include "cli/explanation.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/rule_reference.h"
#include "lang/format_match.h"
#include "lang/print.h"
#include "lang/value.h"
#include "packet/describe.h"
#include "stats/names.h"

namespace xdpctl::cli {

namespace {

using story::Part;
using story::Step;
using story::Test;

constexpr std::size_t nearly_shown = 5;
constexpr std::size_t match_shown = 120;  // bytes of a match with a long set

std::string shortened(std::string text) {
    if (text.size() > match_shown)
        text = text.substr(0, match_shown) + "...";
    return text;
}

std::string match_text(const Test& test) {
    ruleset::Rule alone;
    alone.statements = {*test.statement};
    return lang::print_rule(alone);
}

// Interfaces are compared by their names.
ruleset::FieldInfo info_of(const Part& part) {
    ruleset::Match match;
    match.field = part.field;
    match.payload = part.payload;
    ruleset::FieldInfo info = ruleset::field_of(match);
    if (ruleset::is_interface(info.type))
        info.type = ruleset::ValueType::Ifname;
    return info;
}

std::string field_text(const Part& part) {
    return part.field == ruleset::Field::Raw ? lang::format_payload(part.payload)
                                             : lang::field_name(ruleset::info(part.field));
}

std::string element_text(const Part& part) {
    return lang::format_element(info_of(part), *part.element);
}

std::string value_text(const Part& part) {
    return lang::format_element(info_of(part), {*part.found, *part.found});
}

// "22"; "192.0.2.1, in 192.0.2.0/24"; "no tcp dport"
std::string text(const Part& part) {
    if (!part.is_known)
        return fmt::format("a {} that only the running kernel knows", field_text(part));
    if (!part.found)
        return fmt::format("no {}", field_text(part));
    return part.element ? fmt::format("{}, in {}", value_text(part), element_text(part)) : value_text(part);
}

// "tcp dport 23: the packet has 22"
std::string text(const Test& test) {
    if (test.is_limit())
        return fmt::format("{}: its bucket is taken to be full", match_text(test));
    std::string out = fmt::format("{}: the packet has ", shortened(match_text(test)));
    for (const Part& part : test.parts)
        out += (&part == test.parts.data() ? "" : " . ") + text(part);
    return out;
}

nlohmann::json json(const Test& test) {
    nlohmann::json out{{"match", match_text(test)}, {"holds", test.holds}, {"fields", nlohmann::json::array()}};
    for (const Part& part : test.parts) {
        nlohmann::json& field = out["fields"].emplace_back();
        field["field"] = field_text(part);
        if (part.found)
            field["found"] = value_text(part);
        if (part.element)
            field["element"] = element_text(part);
    }
    return out;
}

nlohmann::json json(const Step& step, const Explanation& explanation) {
    nlohmann::json out = rule_json(*step.rule, *explanation.in);
    out["chain"] = step.chain->name;
    out["number"] = step.number;
    out["tests"] = nlohmann::json::array();
    for (const Test& test : step.tests)
        out["tests"].push_back(json(test));
    return out;
}

std::string chain_text(const Explanation& explanation) {
    const ruleset::Chain& chain = *explanation.place.chain;
    return fmt::format("chain netdev {} {}, hook {}", explanation.place.table->name, chain.name,
                       stats::name(chain.hook));
}

// What the verdict comes from.
std::string origin(const Explanation& explanation) {
    if (const ruleset::Rule* rule = explanation.decided_rule())
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
    for (std::size_t i = 0; i < story.steps.size(); ++i) {
        const Step& step = story.steps[i];
        const bool is_on_path = std::ranges::find(story.path, i) != story.path.end();
        if (&step != story.decided() && step.matched() && !is_on_path)
            steps.push_back(&step);
    }
    return steps;
}

std::vector<const Step*> steps_where(const story::Story& story, bool (Step::*holds)() const) {
    std::vector<const Step*> steps;
    for (const Step& step : story.steps)
        if ((step.*holds)())
            steps.push_back(&step);
    return steps;
}

// Rules that ask for what only the running kernel knows, and for nothing else that does not hold.
std::vector<const Step*> uncertain(const story::Story& story) {
    return steps_where(story, &Step::may_match);
}

// Rules whose limits decide about the packet.
std::vector<const Step*> limited(const story::Story& story) {
    return steps_where(story, &Step::is_limited);
}

std::vector<const Step*> nearly_matched(const story::Story& story) {
    std::vector<const Step*> steps;
    for (const Step& step : story.steps)
        if (step.nearly_matched() && !step.may_match() && !step.is_limited())
            steps.push_back(&step);
    return steps;
}

const Test& failed_test(const Step& step) {
    return *std::ranges::find(step.tests, false, &Test::holds);
}

// None when the programs went another way than the story, for a reason that it does not know.
std::span<const std::size_t> told_path(const Explanation& explanation) {
    if (!explanation.is_as_told() && explanation.agrees())
        return {};
    return explanation.story.path;
}

std::string defect_text(const Explanation& explanation) {
    const Step* step = explanation.story.decided();
    return fmt::format(
        "  DEFECT: the programs and the model disagree: by the model it is {}, {}\n"
        "    please report this with the ruleset and the packet\n",
        stats::name(explanation.story.verdict),
        step != nullptr ? reference(*step->rule, *explanation.in) : std::string(stats::name(explanation.story.reason)));
}

}  // namespace

bool Explanation::is_as_told() const {
    const Step* step = story.decided();
    const bool same_rule = step != nullptr ? outcome.rule == step->rule->handle : !outcome.rule;
    return outcome.verdict == story.verdict && outcome.reason == story.reason && same_rule;
}

const ruleset::Rule* Explanation::decided_rule() const {
    return outcome.rule ? find_rule(*place.table, *outcome.rule) : nullptr;
}

std::string text(const Explanation& explanation) {
    std::string out =
        fmt::format("{}\n  {}: {}\n  in {}\n", explanation.packet, stats::name(explanation.outcome.verdict),
                    origin(explanation), chain_text(explanation));
    for (const std::size_t step : told_path(explanation))
        out += fmt::format("  by {}\n", reference(*explanation.story.steps[step].rule, *explanation.in));
    if (!explanation.agrees())
        out += defect_text(explanation);
    if (const Step* step = explanation.story.decided(); step != nullptr && explanation.is_as_told()) {
        out += fmt::format("  rule {} of {} matched:\n", step->number, step->chain->rules.size());
        for (const Test& test : step->tests)
            out += fmt::format("    {}\n", text(test));
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
    if (const auto steps = uncertain(explanation.story); !steps.empty()) {
        out += "  rules that ask for what only the running kernel knows:\n";
        for (const Step* step : steps)
            out += fmt::format("    {}\n", reference(*step->rule, *explanation.in));
    }
    if (const auto steps = limited(explanation.story); !steps.empty()) {
        out += "  rules with a limit, whose buckets are taken to be full:\n";
        for (const Step* step : steps)
            out += fmt::format("    {}\n", reference(*step->rule, *explanation.in));
    }
    const auto nearly = nearly_matched(explanation.story);
    const std::size_t shown = explanation.lists_all ? nearly.size() : std::min(nearly.size(), nearly_shown);
    if (shown > 0)
        out += "  nearly matched:\n";
    for (std::size_t i = 0; i < shown; ++i)
        out += fmt::format("    {}\n      {}\n", reference(*nearly[i]->rule, *explanation.in),
                           text(failed_test(*nearly[i])));
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
                       {"agrees", explanation.agrees()},
                       {"certain", explanation.story.is_certain}};
    if (const ruleset::Rule* rule = explanation.decided_rule())
        out["decided"] = rule_json(*rule, *explanation.in);
    if (const auto malformed = static_cast<xdpctl_reason>(explanation.outcome.packet.malformed); malformed != 0)
        out["malformed"] = stats::name(malformed);
    if (const Step* step = explanation.story.decided(); step != nullptr && explanation.is_as_told())
        out["decided"] = json(*step, explanation);
    if (!explanation.agrees()) {
        out["model"] = {{"verdict", stats::name(explanation.story.verdict)},
                        {"reason", stats::name(explanation.story.reason)}};
        if (const Step* step = explanation.story.decided())
            out["model"]["decided"] = json(*step, explanation);
    }
    out["path"] = nlohmann::json::array();
    for (const std::size_t step : told_path(explanation))
        out["path"].push_back(json(explanation.story.steps[step], explanation));
    out["passed"] = nlohmann::json::array();
    for (const Step* step : passed(explanation.story))
        out["passed"].push_back(json(*step, explanation));
    out["uncertain"] = nlohmann::json::array();
    for (const Step* step : uncertain(explanation.story))
        out["uncertain"].push_back(json(*step, explanation));
    out["limited"] = nlohmann::json::array();
    for (const Step* step : limited(explanation.story))
        out["limited"].push_back(json(*step, explanation));
    out["nearly"] = nlohmann::json::array();
    for (const Step* step : nearly_matched(explanation.story))
        out["nearly"].push_back(json(*step, explanation));
    return out;
}

Result<Explainer> Explainer::create(const ChosenChain& chosen, const ChainChoice& choice) {
    auto runner = create_runner(chosen, choice);
    if (!runner)
        return std::unexpected(std::move(runner).error());
    return Explainer(chosen, std::move(*runner));
}

Result<Explanation> Explainer::explain(std::span<const std::byte> frame) {
    auto outcome = runner_.run(frame);
    if (!outcome)
        return std::unexpected(std::move(outcome).error());
    Explanation explanation;
    explanation.packet = packet::describe(outcome->packet, frame);
    explanation.story = story::tell(*chosen_->place.table, *chosen_->place.chain, outcome->packet, frame);
    explanation.outcome = *std::move(outcome);
    explanation.in = &chosen_->in;
    explanation.place = chosen_->place;
    return explanation;
}

}  // namespace xdpctl::cli
