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
    bool is_part = false;
};

std::string text(const Listing& listing) {
    return lang::print_ruleset(listing.ruleset, listing.options);
}

nlohmann::json json(const Listing& listing) {
    nlohmann::json document = lang::ruleset_json(listing.ruleset, listing.options);
    if (listing.is_part)
        std::erase_if(document["nftables"].get_ref<nlohmann::json::array_t&>(),
                      [](const nlohmann::json& object) { return object.contains("table"); });
    return document;
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

Status show(Session& session, const kernel::State& state, Listing listing) {
    const auto counts = state.rule_counts();
    if (!counts)
        return std::unexpected(counts.error());
    listing.options.count = [&counts](const ruleset::Rule& rule) {
        const auto found = counts->find(rule.handle);
        return found == counts->end() ? Count{} : found->second;
    };
    session.output.show(listing);
    return {};
}

}  // namespace

Status list(Session& session, const Selection& selection, const ListOptions& options) {
    const auto state = open_for_reading();
    if (!state)
        return std::unexpected(state.error());
    auto ruleset = select(state->ruleset(), selection);
    if (!ruleset)
        return std::unexpected(std::move(ruleset).error());
    return show(session, *state, {std::move(*ruleset), {options.handles, options.stateless, {}}});
}

Status list_parts(Session& session, const KeepParts& keep, const ListOptions& options) {
    const auto state = open_for_reading();
    if (!state)
        return std::unexpected(state.error());
    ruleset::Ruleset ruleset = state->ruleset();
    XDPCTL_TRY(keep(ruleset));
    return show(session, *state, {std::move(ruleset), {options.handles, options.stateless, {}}, true});
}

}  // namespace xdpctl::cli
