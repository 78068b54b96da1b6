// SPDX-License-Identifier: BSD-2-Clause
// rule add, insert, replace, delete, list.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "cli/change.h"
#include "cli/command.h"
#include "cli/listing.h"
#include "cli/options.h"
#include "cli/rule_words.h"
#include "lang/parse.h"
#include "lang/print.h"
#include "ruleset/edit.h"
#include "stats/names.h"

namespace xdpctl::cli {

namespace {

struct Options {
    std::vector<std::string> words;
    std::optional<ruleset::Hook> hook;
};

struct ChangedRule {
    ruleset::ChainName chain;
    Handle handle{};
    bool deleted = false;
};

std::string text(const ChangedRule& rule) {
    return fmt::format("# handle {}{}\n", std::to_underlying(rule.handle), rule.deleted ? " deleted" : "");
}

nlohmann::json json(const ChangedRule& rule) {
    return {{rule.deleted ? "deleted" : "rule",
             {{"table", rule.chain.table}, {"chain", rule.chain.chain}, {"handle", std::to_underlying(rule.handle)}}}};
}

// The chain that is named, else the one that holds the rule with the handle, else the default chain of the hook.
Result<ruleset::ChainName> pick_chain_near(const ruleset::Ruleset& ruleset,
                                           const std::optional<ruleset::ChainName>& named, std::optional<Handle> handle,
                                           std::optional<ruleset::Hook> hook) {
    if (!named && !hook && handle)
        if (auto holder = chain_of(ruleset, *handle))
            return *holder;
    return pick_chain(named, hook);
}

void warn_without_device(Session& session, const ruleset::Ruleset& ruleset, const ruleset::ChainName& name) {
    const ruleset::Chain* chain = ruleset.find_chain(name.table, name.chain);
    if (chain != nullptr && chain->is_base && chain->devices.empty())
        session.output.warn(fmt::format("chain {} {} has no device: nothing is filtered until 'xdpctl attach IFACE{}'",
                                        name.table, name.chain,
                                        chain->hook == ruleset::Hook::Egress ? " --hook egress" : ""));
}

// add and insert differ in where the rule goes: at the end or the start, behind or before another rule.
Status add(Session& session, const Options& options, ruleset::Position::Kind without_handle,
           ruleset::Position::Kind with_handle) {
    ChangedRule added;
    const auto state = change_rules(session, [&](ruleset::Ruleset& next) -> Status {
        auto words = read_new_rule(options.words, next);
        if (!words)
            return std::unexpected(std::move(words).error());
        auto chain = pick_chain_near(next, words->chain, words->position, options.hook);
        if (!chain)
            return std::unexpected(std::move(chain).error());
        if (!words->chain)
            XDPCTL_TRY(ruleset::ensure_chain(next, *chain, options.hook.value_or(ruleset::Hook::Ingress)));
        const ruleset::Position position =
            words->position ? ruleset::Position{with_handle, *words->position} : ruleset::Position{without_handle, {}};
        const auto handle = ruleset::add_rule(next, *chain, std::move(words->rule), position);
        if (!handle)
            return std::unexpected(handle.error());
        added = {std::move(*chain), *handle};
        return {};
    });
    if (!state)
        return std::unexpected(state.error());
    session.output.confirm(added);
    warn_without_device(session, state->ruleset(), added.chain);
    return {};
}

Status replace(Session& session, const Options& options) {
    ChangedRule replaced;
    const auto state = change_rules(session, [&](ruleset::Ruleset& next) -> Status {
        const auto words = read_old_rule(options.words);
        if (!words)
            return std::unexpected(words.error());
        auto rule = lang::parse_rule(join(words->rest), command_line_source);
        if (!rule)
            return std::unexpected(std::move(rule).error());
        auto chain = pick_chain_near(next, words->chain, words->handle, options.hook);
        if (!chain)
            return std::unexpected(std::move(chain).error());
        const auto handle = ruleset::replace_rule(next, *chain, words->handle, std::move(*rule));
        if (!handle)
            return std::unexpected(handle.error());
        replaced = {std::move(*chain), *handle};
        return {};
    });
    if (!state)
        return std::unexpected(state.error());
    session.output.confirm(replaced);
    return {};
}

Result<OldRule> read_deleted(const Options& options) {
    auto words = read_old_rule(options.words);
    if (words && !words->rest.empty())
        return fail(ErrorKind::Usage,
                    fmt::format("'{}' is too much: a rule is deleted by its handle", join(words->rest)));
    return words;
}

Status remove(Session& session, const Options& options) {
    const auto words = read_deleted(options);
    if (!words)
        return std::unexpected(words.error());
    ChangedRule deleted;
    const auto edit = [&](ruleset::Ruleset& next) -> Status {
        auto chain = pick_chain_near(next, words->chain, words->handle, options.hook);
        if (!chain)
            return std::unexpected(std::move(chain).error());
        XDPCTL_TRY(ruleset::delete_rule(next, *chain, words->handle));
        deleted = {std::move(*chain), words->handle, true};
        return {};
    };
    const auto erase = [&](kernel::RuleOverlay& overlay) -> Result<bool> {
        const auto holder = overlay.chain_with(words->handle);
        if (!holder)
            return false;
        if (words->chain || options.hook) {
            const auto chain = pick_chain(words->chain, options.hook);
            if (!chain || *chain != *holder)
                return false;
        }
        deleted = {*holder, words->handle, true};
        return overlay.erase(words->handle);
    };
    const auto state = change_rules(session, edit, erase);
    if (!state)
        return std::unexpected(state.error());
    session.output.confirm(deleted);
    return {};
}

std::shared_ptr<Options> declare_words(CLI::App& parser, const std::string& form) {
    auto options = std::make_shared<Options>();
    parser.add_option("WORDS", options->words, form)->type_name("")->required();
    add_hook_option(parser, options->hook, "Use the default chain of this hook: ingress or egress");
    return options;
}

}  // namespace

Action declare_rule_add(CLI::App& parser) {
    const auto options = declare_words(parser, "[TABLE CHAIN] [position HANDLE] RULE");
    return [options](Session& session) {
        return add(session, *options, ruleset::Position::Kind::End, ruleset::Position::Kind::After);
    };
}

Action declare_rule_insert(CLI::App& parser) {
    const auto options = declare_words(parser, "[TABLE CHAIN] [position HANDLE] RULE");
    return [options](Session& session) {
        return add(session, *options, ruleset::Position::Kind::Start, ruleset::Position::Kind::Before);
    };
}

Action declare_rule_replace(CLI::App& parser) {
    const auto options = declare_words(parser, "[TABLE CHAIN] handle HANDLE RULE");
    return [options](Session& session) { return replace(session, *options); };
}

Action declare_rule_delete(CLI::App& parser) {
    const auto options = declare_words(parser, "[TABLE CHAIN] handle HANDLE");
    return [options](Session& session) { return remove(session, *options); };
}

Action declare_rule_list(CLI::App& parser) {
    struct ListWords {
        std::vector<std::string> words;
        std::optional<ruleset::Hook> hook;
        ListOptions list;
    };
    auto options = std::make_shared<ListWords>();
    parser.add_option("WORDS", options->words, "[TABLE CHAIN]; all chains when left out")->type_name("");
    add_hook_option(parser, options->hook, "Only chains of this hook: ingress or egress");
    add_list_options(parser, options->list);
    return [options](Session& session) -> Status {
        const auto chain = read_chain(options->words);
        if (!chain)
            return std::unexpected(chain.error());
        return list(session, {*chain, options->hook}, options->list);
    };
}

}  // namespace xdpctl::cli
