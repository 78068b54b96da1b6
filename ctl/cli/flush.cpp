// SPDX-License-Identifier: BSD-2-Clause
// flush ruleset, flush chain
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "cli/change.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/rule_words.h"
#include "ruleset/edit.h"

namespace xdpctl::cli {

namespace {

struct Flushed {
    std::optional<ruleset::ChainName> chain;  // none: everything
};

std::string text(const Flushed& flushed) {
    return flushed.chain ? fmt::format("{} {}: flushed\n", flushed.chain->table, flushed.chain->chain)
                         : std::string("ruleset flushed\n");
}

nlohmann::json json(const Flushed& flushed) {
    if (!flushed.chain)
        return {{"flushed", {{"ruleset", nullptr}}}};
    return {{"flushed", {{"table", flushed.chain->table}, {"chain", flushed.chain->chain}}}};
}

Status flush_ruleset(Session& session) {
    const auto state = change_ruleset(session, [](ruleset::Ruleset& next) -> Status {
        next.tables.clear();
        return {};
    });
    if (!state)
        return std::unexpected(state.error());
    session.output.confirm(Flushed{});
    return {};
}

Status flush_chain(Session& session, const std::vector<std::string>& words, std::optional<ruleset::Hook> hook) {
    const auto named = read_chain(words);
    if (!named)
        return std::unexpected(named.error());
    const auto chain = pick_chain(*named, hook);
    if (!chain)
        return std::unexpected(chain.error());
    const auto state =
        change_ruleset(session, [&](ruleset::Ruleset& next) { return ruleset::flush_chain(next, *chain); });
    if (!state)
        return std::unexpected(state.error());
    session.output.confirm(Flushed{*chain});
    return {};
}

}  // namespace

Action declare_flush_ruleset(CLI::App&) {
    return flush_ruleset;
}

Action declare_flush_chain(CLI::App& parser) {
    struct Options {
        std::vector<std::string> words;
        std::optional<ruleset::Hook> hook;
    };
    auto options = std::make_shared<Options>();
    parser.add_option("WORDS", options->words, "[TABLE CHAIN]")->type_name("");
    add_hook_option(parser, options->hook, "Use the default chain of this hook: ingress or egress");
    return [options](Session& session) { return flush_chain(session, options->words, options->hook); };
}

}  // namespace xdpctl::cli
