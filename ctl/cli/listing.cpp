// SPDX-License-Identifier: BSD-2-Clause
#include "cli/listing.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/change.h"
#include "lang/print.h"

namespace xdpctl::cli {

namespace {

struct Listing {
    ruleset::Ruleset ruleset;
    lang::PrintOptions options;
};

std::string text(const Listing& listing) {
    return lang::print_ruleset(listing.ruleset, listing.options);
}

nlohmann::json json(const Listing& listing) {
    return lang::ruleset_json(listing.ruleset, listing.options);
}

bool is_selected(const Selection& selection, const ruleset::Table& table, const ruleset::Chain& chain) {
    if (selection.chain && (selection.chain->table != table.name || selection.chain->chain != chain.name))
        return false;
    return !selection.hook || (chain.is_base && *selection.hook == chain.hook);
}

Result<ruleset::Ruleset> select(ruleset::Ruleset ruleset, const Selection& selection) {
    if (!selection.chain && !selection.hook)
        return ruleset;
    if (selection.chain && ruleset.find_chain(selection.chain->table, selection.chain->chain) == nullptr)
        return fail(ErrorKind::NotFound, fmt::format("no chain {} {}", selection.chain->table, selection.chain->chain),
                    {}, "'xdpctl status' lists the chains");
    for (ruleset::Table& table : ruleset.tables)
        std::erase_if(table.chains, [&](const ruleset::Chain& chain) { return !is_selected(selection, table, chain); });
    std::erase_if(ruleset.tables, [](const ruleset::Table& table) { return table.chains.empty(); });
    return ruleset;
}

}  // namespace

Status list(Session& session, const Selection& selection, const ListOptions& options) {
    const auto state = open_for_reading();
    if (!state)
        return std::unexpected(state.error());
    auto ruleset = select(state->ruleset(), selection);
    if (!ruleset)
        return std::unexpected(std::move(ruleset).error());
    const auto counts = state->rule_counts();
    if (!counts)
        return std::unexpected(counts.error());
    const auto count = [&counts](const ruleset::Rule& rule) {
        const auto found = counts->find(rule.handle);
        return found == counts->end() ? Count{} : found->second;
    };
    session.output.show(Listing{std::move(*ruleset), {options.handles, options.stateless, count}});
    return {};
}

}  // namespace xdpctl::cli
