// SPDX-License-Identifier: BSD-2-Clause
// chain policy, add, delete, rename
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "cli/change.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/rule_words.h"
#include "ruleset/edit.h"
#include "ruleset/reach.h"
#include "stats/names.h"

namespace xdpctl::cli {

namespace {

struct Options {
    std::vector<std::string> words;
    std::optional<ruleset::Hook> hook;
};

struct ChangedPolicy {
    ruleset::ChainName chain;
    ruleset::Verdict policy{};
};

std::string text(const ChangedPolicy& change) {
    return fmt::format("{} {}: policy {}\n", change.chain.table, change.chain.chain, stats::name(change.policy));
}

nlohmann::json json(const ChangedPolicy& change) {
    return {{"chain",
             {{"table", change.chain.table}, {"chain", change.chain.chain}, {"policy", stats::name(change.policy)}}}};
}

Result<ruleset::Verdict> read_policy(const std::string& word) {
    if (word == "accept")
        return ruleset::Verdict::Accept;
    if (word == "drop")
        return ruleset::Verdict::Drop;
    return fail(ErrorKind::Usage, fmt::format("'{}' is no policy", word), {}, "a policy is accept or drop");
}

void warn_if_shut(Session& session, const ruleset::Ruleset& ruleset, const ruleset::ChainName& name) {
    const ruleset::Chain* chain = ruleset.find_chain(name.table, name.chain);
    const ruleset::Table* table = ruleset.find_table(name.table);
    // What a jump leads to may accept.
    const auto accepts = [&](const ruleset::Rule& rule) {
        return rule.can_decide(ruleset::Verdict::Accept, *table) || !ruleset::targets(rule, *table).empty();
    };
    if (chain == nullptr || chain->policy != ruleset::Verdict::Drop || chain->devices.empty() ||
        std::ranges::any_of(chain->rules, accepts))
        return;
    session.output.warn(fmt::format("no rule of chain {} {} accepts: everything on {} is dropped, remote logins too",
                                    name.table, name.chain, fmt::join(chain->devices, ", ")));
}

Status set_policy(Session& session, const Options& options) {
    const auto policy = read_policy(options.words.back());
    if (!policy)
        return std::unexpected(policy.error());
    const auto named = read_chain(Words(options.words).first(options.words.size() - 1));
    if (!named)
        return std::unexpected(named.error());
    const auto chain = pick_chain(*named, options.hook);
    if (!chain)
        return std::unexpected(chain.error());
    const auto state = change_ruleset(session, [&](ruleset::Ruleset& next) -> Status {
        if (!*named)
            XDPCTL_TRY(ruleset::ensure_chain(next, *chain, options.hook.value_or(ruleset::Hook::Ingress)));
        return ruleset::set_policy(next, *chain, *policy);
    });
    if (!state)
        return std::unexpected(state.error());
    session.output.confirm(ChangedPolicy{*chain, *policy});
    warn_if_shut(session, state->ruleset(), *chain);
    return {};
}

struct ChangedChain {
    std::string_view what;  // "added", "deleted", "renamed"
    ruleset::ChainName chain;
    Handle handle{};
};

std::string text(const ChangedChain& change) {
    return change.what == "added" ? fmt::format("# handle {}\n", std::to_underlying(change.handle))
                                  : fmt::format("{} {}: {}\n", change.chain.table, change.chain.chain, change.what);
}

nlohmann::json json(const ChangedChain& change) {
    return {{change.what,
             {{"chain",
               {{"table", change.chain.table},
                {"name", change.chain.chain},
                {"handle", std::to_underlying(change.handle)}}}}}};
}

// One name is that of a chain in the default table.
Result<ruleset::ChainName> one_chain(Words words) {
    if (words.size() == 1)
        return ruleset::ChainName{.chain = words.front()};
    const auto named = read_chain(words);
    if (!named)
        return std::unexpected(named.error());
    if (!*named)
        return fail(ErrorKind::Usage, "a chain is missing", {}, "write: [TABLE] CHAIN");
    return **named;
}

Status add_chain(Session& session, Words words) {
    const auto name = one_chain(words);
    XDPCTL_TRY(name);
    ChangedChain added{.what = "added", .chain = *name, .handle = {}};
    const auto state = change_ruleset(session, [&](ruleset::Ruleset& next) -> Status {
        const auto handle = ruleset::add_regular_chain(next, *name);
        XDPCTL_TRY(handle);
        added.handle = *handle;
        return {};
    });
    if (!state)
        return std::unexpected(state.error());
    session.output.confirm(added);
    return {};
}

Status change_chain(Session& session, const ruleset::ChainName& name, std::string_view what,
                    const std::function<Status(ruleset::Ruleset&)>& edit) {
    ChangedChain changed{.what = what, .chain = name, .handle = {}};
    const auto state = change_ruleset(session, [&](ruleset::Ruleset& next) -> Status {
        if (const ruleset::Chain* chain = next.find_chain(name.table, name.chain))
            changed.handle = chain->handle;
        return edit(next);
    });
    if (!state)
        return std::unexpected(state.error());
    session.output.confirm(changed);
    return {};
}

Status delete_chain(Session& session, Words words) {
    const auto name = one_chain(words);
    XDPCTL_TRY(name);
    return change_chain(session, *name, "deleted",
                        [&](ruleset::Ruleset& next) { return ruleset::delete_chain(next, *name); });
}

Status rename_chain(Session& session, Words words) {
    if (words.size() < 2)
        return fail(ErrorKind::Usage, "the new name is missing", {}, "write: [TABLE] CHAIN NEW-NAME");
    const auto name = one_chain(words.first(words.size() - 1));
    XDPCTL_TRY(name);
    return change_chain(session, *name, "renamed",
                        [&](ruleset::Ruleset& next) { return ruleset::rename_chain(next, *name, words.back()); });
}

}  // namespace

Action declare_chain_add(CLI::App& parser) {
    return declare_words(parser, "[TABLE] CHAIN", add_chain);
}

Action declare_chain_delete(CLI::App& parser) {
    return declare_words(parser, "[TABLE] CHAIN", delete_chain);
}

Action declare_chain_rename(CLI::App& parser) {
    return declare_words(parser, "[TABLE] CHAIN NEW-NAME", rename_chain);
}

Action declare_chain_policy(CLI::App& parser) {
    auto options = std::make_shared<Options>();
    parser.add_option("WORDS", options->words, "[TABLE CHAIN] accept|drop")->type_name("")->required();
    add_hook_option(parser, options->hook, "Use the default chain of this hook: ingress or egress");
    return [options](Session& session) { return set_policy(session, *options); };
}

}  // namespace xdpctl::cli
