// SPDX-License-Identifier: BSD-2-Clause
#include "cli/list_cost.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/change.h"
#include "cli/ruleset_file.h"
#include "compile/cost.h"
#include "kernel/load.h"
#include "ruleset/reach.h"
#include "stats/table.h"

namespace xdpctl::cli {

namespace {

using compile::Cost;
using compile::Engine;

struct ChainCost {
    std::string table;
    std::string chain;
    std::size_t rules = 0;
    Cost cost;
};
using Costs = std::vector<ChainCost>;

std::string_view name(Engine engine) {
    return engine == Engine::StraightLine ? "code" : "tables";
}

std::uint64_t rounded(double nanoseconds) {
    return static_cast<std::uint64_t>(std::llround(nanoseconds));
}

std::string text(const Costs& costs) {
    using Align = stats::Table::Align;
    stats::Table table({{"TABLE"},
                        {"CHAIN"},
                        {"RULES", Align::Right},
                        {"ENGINE"},
                        {"TABLES", Align::Right},
                        {"SETS", Align::Right},
                        {"BYTES", Align::Right},
                        {"NS", Align::Right},
                        {"WORST NS", Align::Right},
                        {"WORST STEPS", Align::Right}});
    for (const ChainCost& each : costs)
        table.add({each.table, each.chain, std::to_string(each.rules), std::string(name(each.cost.engine)),
                   std::to_string(each.cost.tables), std::to_string(each.cost.sets), std::to_string(each.cost.bytes),
                   std::to_string(rounded(each.cost.nanoseconds)), std::to_string(rounded(each.cost.worst_nanoseconds)),
                   std::to_string(each.cost.worst_steps)});
    return table.text();
}

nlohmann::json json(const Costs& costs) {
    auto chains = nlohmann::json::array();
    for (const ChainCost& each : costs)
        chains.push_back({{"table", each.table},
                          {"chain", each.chain},
                          {"rules", each.rules},
                          {"engine", name(each.cost.engine)},
                          {"tables", each.cost.tables},
                          {"sets", each.cost.sets},
                          {"bytes", each.cost.bytes},
                          {"nanoseconds", rounded(each.cost.nanoseconds)},
                          {"worst_nanoseconds", rounded(each.cost.worst_nanoseconds)},
                          {"worst_steps", each.cost.worst_steps}});
    return {{"cost", std::move(chains)}};
}

}  // namespace

Status list_cost(Session& session) {
    const auto state = open_for_reading();
    if (!state)
        return std::unexpected(state.error());
    Costs costs;
    for (const ruleset::Table& table : state->ruleset().tables) {
        for (const ruleset::Chain& chain : table.chains) {
            if (!chain.is_base)
                continue;
            const auto compiled = compile_chain(table, chain, kernel::loops_supported());
            if (!compiled)
                return std::unexpected(compiled.error());
            const std::size_t rules = ruleset::rules_with_slots(table, chain).size();
            costs.push_back(
                {table.name, chain.name, rules, compile::cost(rules, compiled->classifier, compiled->sets)});
        }
    }
    session.output.show(costs);
    return {};
}

}  // namespace xdpctl::cli
