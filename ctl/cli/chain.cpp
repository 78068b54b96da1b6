// SPDX-License-Identifier: BSD-2-Clause
// chain policy
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>

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

}  // namespace

Action declare_chain_policy(CLI::App& parser) {
    auto options = std::make_shared<Options>();
    parser.add_option("WORDS", options->words, "[TABLE CHAIN] accept|drop")->type_name("")->required();
    add_hook_option(parser, options->hook, "Use the default chain of this hook: ingress or egress");
    return [options](Session& session) { return set_policy(session, *options); };
}

}  // namespace xdpctl::cli
