// SPDX-License-Identifier: BSD-2-Clause
// list tables, sets, set, maps, map, chains, chain: parts of the running ruleset, as nft lists them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/suggest.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/listing.h"
#include "cli/rule_words.h"
#include "lang/print.h"

namespace xdpctl::cli {

namespace {

using ruleset::Chain;
using ruleset::Ruleset;
using ruleset::Set;
using ruleset::Table;

enum class Kind { Set, Map, Chain };

std::string_view noun(Kind kind) {
    return kind == Kind::Set ? "set" : kind == Kind::Map ? "map" : "chain";
}

struct Tables {
    Ruleset ruleset;
    bool handles = false;
};

std::string text(const Tables& tables) {
    std::string out;
    for (const Table& table : tables.ruleset.tables)
        out += tables.handles
                   ? fmt::format("table netdev {} # handle {}\n", table.name, std::to_underlying(table.handle))
                   : fmt::format("table netdev {}\n", table.name);
    return out;
}

nlohmann::json json(const Tables& tables) {
    return lang::ruleset_json(tables.ruleset);
}

Status list_tables(Session& session, bool handles) {
    const auto state = open_for_reading();
    if (!state)
        return std::unexpected(state.error());
    Tables tables{.ruleset = state->ruleset(), .handles = handles};
    for (Table& table : tables.ruleset.tables) {
        table.sets.clear();
        table.chains.clear();
    }
    session.output.show(tables);
    return {};
}

// Chains are listed with their hook and without their rules.
Status keep_all(Ruleset& ruleset, Kind kind) {
    for (Table& table : ruleset.tables) {
        std::erase_if(table.sets,
                      [&](const Set& set) { return kind == Kind::Chain || set.is_map != (kind == Kind::Map); });
        if (kind != Kind::Chain)
            table.chains.clear();
        for (Chain& chain : table.chains)
            chain.rules.clear();
    }
    std::erase_if(ruleset.tables, [](const Table& table) { return table.sets.empty() && table.chains.empty(); });
    return {};
}

std::vector<std::string_view> names_of(const Table& table, Kind kind) {
    std::vector<std::string_view> names;
    if (kind == Kind::Chain)
        for (const Chain& chain : table.chains)
            names.push_back(chain.name);
    else
        for (const Set& set : table.sets)
            if (set.is_map == (kind == Kind::Map))
                names.push_back(set.name);
    return names;
}

Status keep_one(Ruleset& ruleset, Kind kind, const std::string& table_name, const std::string& name) {
    std::erase_if(ruleset.tables, [&](const Table& table) { return table.name != table_name; });
    const std::vector<std::string_view> names =
        ruleset.tables.empty() ? std::vector<std::string_view>{} : names_of(ruleset.tables.front(), kind);
    if (std::ranges::find(names, name) == names.end()) {
        std::string near = did_you_mean(name, names);
        return fail(ErrorKind::NotFound, fmt::format("no {} {} {}", noun(kind), table_name, name), {},
                    near.empty() ? fmt::format("'xdpctl list {}s' lists them", noun(kind)) : std::move(near));
    }
    Table& table = ruleset.tables.front();
    std::erase_if(table.sets, [&](const Set& set) { return kind == Kind::Chain || set.name != name; });
    std::erase_if(table.chains, [&](const Chain& chain) { return kind != Kind::Chain || chain.name != name; });
    return {};
}

Action declare_all(CLI::App& parser, Kind kind) {
    auto options = std::make_shared<ListOptions>();
    add_list_options(parser, *options);
    return [options, kind](Session& session) {
        return list_parts(session, [kind](Ruleset& ruleset) { return keep_all(ruleset, kind); }, *options);
    };
}

// [netdev] [TABLE] NAME
Action declare_one(CLI::App& parser, Kind kind) {
    struct Options : ListOptions {
        std::vector<std::string> words;
    };
    auto options = std::make_shared<Options>();
    parser.add_option("WORDS", options->words, "[TABLE] NAME")->type_name("")->required();
    add_list_options(parser, *options);
    return [options, kind](Session& session) -> Status {
        // A lone name is one in the default table.
        const bool is_lone = options->words.size() == 1;
        const auto named = is_lone ? std::optional(ruleset::ChainName{.chain = options->words.front()})
                                   : read_chain(options->words).value_or(std::nullopt);
        if (!named)
            return fail(ErrorKind::Usage, fmt::format("'{}' names no {}", join(options->words), noun(kind)), {},
                        "write: [TABLE] NAME");
        return list_parts(
            session, [&](Ruleset& ruleset) { return keep_one(ruleset, kind, named->table, named->chain); }, *options);
    };
}

}  // namespace

Action declare_list_tables(CLI::App& parser) {
    auto handles = std::make_shared<bool>(false);
    parser.add_flag("-a,--handles", *handles, "Print handles");
    return [handles](Session& session) { return list_tables(session, *handles); };
}

Action declare_list_sets(CLI::App& parser) {
    return declare_all(parser, Kind::Set);
}

Action declare_list_set(CLI::App& parser) {
    return declare_one(parser, Kind::Set);
}

Action declare_list_maps(CLI::App& parser) {
    return declare_all(parser, Kind::Map);
}

Action declare_list_map(CLI::App& parser) {
    return declare_one(parser, Kind::Map);
}

Action declare_list_chains(CLI::App& parser) {
    return declare_all(parser, Kind::Chain);
}

Action declare_list_chain(CLI::App& parser) {
    return declare_one(parser, Kind::Chain);
}

}  // namespace xdpctl::cli
