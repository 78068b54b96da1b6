// SPDX-License-Identifier: BSD-2-Clause
// lint: what is wrong with a valid ruleset, what its rules cost, and which could stand further in front.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>

#include "cli/change.h"
#include "cli/found.h"
#include "cli/rule_reference.h"
#include "cli/ruleset_file.h"
#include "compile/compile.h"
#include "compile/lookups.h"
#include "lint/ends.h"
#include "lint/lint.h"
#include "ruleset/idle.h"
#include "ruleset/reach.h"
#include "stats/names.h"

namespace xdpctl::cli {

namespace {

constexpr std::size_t covers_shown = 4;
constexpr std::size_t moves_shown = 5;

struct Options {
    std::string path;  // empty: the running ruleset
    bool cost = false;
};

// What a rule alone costs in straight-line code.
struct RuleCost {
    std::size_t tests = 0;
    std::size_t instructions = 0;
};

struct ChainReport {
    const ruleset::Table* table = nullptr;
    const ruleset::Chain* chain = nullptr;
    lint::Report found;
    std::vector<lint::Move> moves;
    std::vector<RuleCost> costs;  // of each rule, when asked for
    bool is_tables = false;       // the engine that the chain gets where the kernel allows it
    std::size_t bytes = 0;
};

struct LintReport {
    NamedRuleset in;
    std::vector<ChainReport> chains;
    std::vector<std::string> idle;  // sets, maps and chains to no effect, a sentence each

    [[nodiscard]] std::size_t findings() const {
        std::size_t sum = idle.size();
        for (const ChainReport& chain : chains)
            sum += chain.found.findings.size();
        return sum;
    }
};

std::string_view name(lint::Kind kind) {
    switch (kind) {
    case lint::Kind::NeverMatches:
        return "never-matches";
    case lint::Kind::Duplicate:
        return "duplicate";
    case lint::Kind::Redundant:
        return "redundant";
    case lint::Kind::Shadowed:
        return "shadowed";
    }
    return {};
}

std::string_view meaning(lint::Kind kind) {
    switch (kind) {
    case lint::Kind::NeverMatches:
        return "its matches hold for no packet of this chain";
    case lint::Kind::Duplicate:
        return "an earlier rule is the same";
    case lint::Kind::Redundant:
        return "its packets get the same verdict from earlier rules";
    case lint::Kind::Shadowed:
        return "it is never reached: earlier rules decide all its packets";
    }
    return {};
}

std::string chain_name(const ChainReport& report) {
    return fmt::format("chain netdev {} {}", report.table->name, report.chain->name);
}

std::string text(const lint::Finding& finding, const ChainReport& report, const NamedRuleset& in) {
    const auto& rules = report.chain->rules;
    std::string out = fmt::format("{}, rule {}: {}: {}\n  {}\n", chain_name(report), finding.rule + 1,
                                  name(finding.kind), meaning(finding.kind), reference(rules[finding.rule], in));
    const std::size_t shown = std::min(finding.covers.size(), covers_shown);
    for (std::size_t i = 0; i < shown; ++i)
        out += fmt::format("    rule {}: {}\n", finding.covers[i] + 1, reference(rules[finding.covers[i]], in));
    if (shown < finding.covers.size())
        out += fmt::format("    ... and {} more rules\n", finding.covers.size() - shown);
    return out;
}

std::string text(const lint::Move& move) {
    return fmt::format(
        "  rule {} could stand in front of rule {}: no packet matches it and one between them;\n"
        "    the counted packets would have been spared {} tests of rules\n",
        move.rule + 1, move.before + 1, move.saved);
}

std::string costs_text(const ChainReport& report) {
    std::string out = fmt::format("{}: {}, {} bytes; tests and instructions of each rule:\n", chain_name(report),
                                  report.is_tables ? "tables" : "straight-line code", report.bytes);
    for (std::size_t i = 0; i < report.costs.size(); ++i)
        out += fmt::format("  {:>5} {:>3} {:>4}  {}\n", i + 1, report.costs[i].tests, report.costs[i].instructions,
                           shortened_rule(report.chain->rules[i]));
    return out;
}

std::string text(const LintReport& report) {
    std::string out;
    std::size_t rules = 0;
    for (const ChainReport& chain : report.chains) {
        rules += chain.chain->rules.size();
        for (const lint::Finding& finding : chain.found.findings)
            out += text(finding, chain, report.in);
        if (chain.found.compared < chain.chain->rules.size())
            out += fmt::format("{}: rules from {} on were not compared: the chain is too large for it\n",
                               chain_name(chain), chain.found.compared + 1);
        if (!chain.found.undecided.empty())
            out +=
                fmt::format("{}: of {} rules, {} the first, it was not found out whether several others cover them\n",
                            chain_name(chain), chain.found.undecided.size(), chain.found.undecided.front() + 1);
    }
    for (const std::string& idle : report.idle)
        out += idle + "\n";
    for (const ChainReport& chain : report.chains) {
        const std::size_t shown = std::min(chain.moves.size(), moves_shown);
        if (shown > 0)
            out += fmt::format("{}: moves that would save work, each by itself:\n", chain_name(chain));
        for (std::size_t i = 0; i < shown; ++i)
            out += text(chain.moves[i]);
    }
    for (const ChainReport& chain : report.chains)
        if (!chain.costs.empty())
            out += costs_text(chain);
    return out + fmt::format("{} rules, {} findings\n", rules, report.findings());
}

nlohmann::json json(const lint::Finding& finding, const ChainReport& report, const NamedRuleset& in) {
    const auto numbered = [&](std::size_t rule) {
        nlohmann::json out = rule_json(report.chain->rules[rule], in);
        out["number"] = rule + 1;
        return out;
    };
    nlohmann::json out = numbered(finding.rule);
    out["finding"] = name(finding.kind);
    out["meaning"] = meaning(finding.kind);
    out["covered_by"] = nlohmann::json::array();
    for (const std::size_t cover : finding.covers)
        out["covered_by"].push_back(numbered(cover));
    return out;
}

nlohmann::json json(const ChainReport& report, const NamedRuleset& in) {
    nlohmann::json out{{"table", report.table->name},
                       {"chain", report.chain->name},
                       {"rules", report.chain->rules.size()},
                       {"compared", report.found.compared},
                       {"undecided", report.found.undecided.size()}};
    if (report.chain->is_base) {
        out["hook"] = stats::name(report.chain->hook);
        out["engine"] = report.is_tables ? "tables" : "straight-line";
        out["bytes"] = report.bytes;
    }
    out["findings"] = nlohmann::json::array();
    for (const lint::Finding& finding : report.found.findings)
        out["findings"].push_back(json(finding, report, in));
    out["moves"] = nlohmann::json::array();
    for (const lint::Move& move : report.moves)
        out["moves"].push_back({{"number", move.rule + 1}, {"before", move.before + 1}, {"saved", move.saved}});
    if (!report.costs.empty()) {
        out["costs"] = nlohmann::json::array();
        for (const RuleCost& cost : report.costs)
            out["costs"].push_back({{"tests", cost.tests}, {"instructions", cost.instructions}});
    }
    return out;
}

nlohmann::json json(const LintReport& report) {
    nlohmann::json chains = nlohmann::json::array();
    for (const ChainReport& chain : report.chains)
        chains.push_back(json(chain, report.in));
    return {{"chains", std::move(chains)}, {"idle", report.idle}, {"findings", report.findings()}};
}

std::vector<RuleSlot> slots_of(const ruleset::Chain& chain, const ruleset::Table& table) {
    return std::vector<RuleSlot>(ruleset::rules_with_slots(table, chain).size());
}

// Instructions of the chain's code; none when it does not compile to such. What large sets cost is not among them.
std::optional<std::size_t> instructions(const ruleset::Chain& chain, const ruleset::Table& table) {
    const auto slots = slots_of(chain, table);
    const auto sets = compile::looked_up_sets(chain, table);
    if (!sets)
        return std::nullopt;
    const auto program = compile::straight_line(
        chain, {.table = &table, .sets = *sets, .rule_slots = slots, .device_names = chain.devices});
    return program ? std::optional(program->instructions.size()) : std::nullopt;
}

std::vector<RuleCost> costs_of(const ruleset::Chain& chain, const ruleset::Table& table) {
    ruleset::Chain alone = chain;
    alone.rules.clear();
    const std::size_t none = instructions(alone, table).value_or(0);
    std::vector<RuleCost> costs;
    for (const ruleset::Rule& rule : chain.rules) {
        alone.rules = {rule};
        const auto tests = std::ranges::count_if(rule.statements, lint::is_test);
        costs.push_back({static_cast<std::size_t>(tests), instructions(alone, table).value_or(none) - none});
    }
    return costs;
}

// The counter of the packets that match; null when the rule has none, or counts before it is through with its tests.
const ruleset::Counter* counter_of_matches(const ruleset::Rule& rule) {
    const auto last_test = std::ranges::find_if(rule.statements.rbegin(), rule.statements.rend(), lint::is_test);
    const bool is_early = std::ranges::any_of(rule.statements.begin(), last_test.base(), [](const auto& statement) {
        return std::holds_alternative<ruleset::Counter>(statement);
    });
    return is_early ? nullptr : rule.counter();
}

// What the counters of the rules counted; a rule without one may have had any packets, so that nothing is said of
// chains with such rules.
std::optional<std::vector<std::uint64_t>> hits_of(const ruleset::Chain& chain, const std::map<Handle, Count>* live) {
    std::vector<std::uint64_t> hits;
    for (const ruleset::Rule& rule : chain.rules) {
        const ruleset::Counter* counter = counter_of_matches(rule);
        if (counter == nullptr)
            return std::nullopt;
        const auto counted = live != nullptr ? live->find(rule.handle) : std::map<Handle, Count>::const_iterator{};
        hits.push_back(live != nullptr && counted != live->end() ? counted->second.packets : counter->start.packets);
    }
    return hits;
}

Status report_chain(ChainReport& report, const std::map<Handle, Count>* live, bool with_costs) {
    const ruleset::Chain& chain = *report.chain;
    report.found = lint::lint(chain, ruleset::devices_of(*report.table, chain), report.table);
    if (!chain.is_base)
        return {};
    const auto compiled = compile_chain(*report.table, chain, compile::Loops::Free);
    if (!compiled)
        return std::unexpected(compiled.error());
    report.is_tables = !std::holds_alternative<compile::Program>(compiled->classifier);
    report.bytes = compile::size_in_bytes(compiled->classifier);
    if (with_costs)
        report.costs = costs_of(chain, *report.table);
    // Tables cost the same in any order.
    if (const auto hits = hits_of(chain, live); hits && !report.is_tables)
        report.moves = lint::moves(chain, *hits);
    return {};
}

// The running ruleset's live counters.
Result<std::map<Handle, Count>> live_counts() {
    const auto state = open_for_reading();
    if (!state)
        return std::unexpected(state.error());
    return state->rule_counts();
}

Status run(Session& session, const Options& options) {
    auto loaded = load_ruleset(options.path);
    if (!loaded)
        return std::unexpected(std::move(loaded).error());
    LintReport report{.in = *std::move(loaded), .chains = {}, .idle = {}};
    report.idle = ruleset::idle_parts(report.in.ruleset);
    std::optional<std::map<Handle, Count>> live;
    if (options.path.empty()) {
        auto counts = live_counts();
        if (!counts)
            return std::unexpected(std::move(counts).error());
        live = *std::move(counts);
    }
    for (const ruleset::Table& table : report.in.ruleset.tables) {
        for (const ruleset::Chain& chain : table.chains) {
            ChainReport& one = report.chains.emplace_back();
            one.table = &table;
            one.chain = &chain;
            XDPCTL_TRY(report_chain(one, live ? &*live : nullptr, options.cost));
        }
    }
    session.output.show(report);
    return report.findings() > 0 ? Status(found()) : Status();
}

}  // namespace

Action declare_lint(CLI::App& parser) {
    auto options = std::make_shared<Options>();
    parser.add_option("FILE", options->path, "Ruleset file; - is standard input; the running ruleset when left out")
        ->type_name("");
    parser.add_flag("--cost", options->cost, "Show what each rule costs");
    return [options](Session& session) { return run(session, *options); };
}

}  // namespace xdpctl::cli
