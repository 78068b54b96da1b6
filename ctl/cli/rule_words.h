// SPDX-License-Identifier: BSD-2-Clause
// The words behind `rule add`, `chain policy` and `flush chain`: which chain, which rule, what text. Pure.
//
// A chain is named as TABLE CHAIN, or as `netdev TABLE CHAIN` as nft wants it. Rule text can follow without ambiguity: a
// word that begins a rule cannot be the name of a table.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/error.h"
#include "ruleset/edit.h"
#include "ruleset/model.h"

namespace xdpctl::cli {

using Words = std::span<const std::string>;

// What diagnostics call the rule text of the command line.
inline constexpr std::string_view command_line_source = "<command line>";

// All words: none, TABLE CHAIN, or netdev TABLE CHAIN. Errors: Usage.
[[nodiscard]] Result<std::optional<ruleset::ChainName>> read_chain(Words words);

// The chain that is named, else the default chain of the hook. Errors: Usage when both are given.
[[nodiscard]] Result<ruleset::ChainName> pick_chain(const std::optional<ruleset::ChainName>& named,
                                                    std::optional<ruleset::Hook> hook);

struct NewRule {
    std::optional<ruleset::ChainName> chain;
    std::optional<Handle> position;  // the rule to put it next to
    ruleset::Rule rule;
};
// [CHAIN] [position H] RULE. Errors: Usage; Input for the rule's text; NotFound for a table without that chain.
[[nodiscard]] Result<NewRule> read_new_rule(Words words, const ruleset::Ruleset& ruleset);

struct OldRule {
    std::optional<ruleset::ChainName> chain;
    Handle handle{};
    Words rest;
};
// [CHAIN] handle H [...]. Errors: Usage.
[[nodiscard]] Result<OldRule> read_old_rule(Words words);

// The words as one text. A comment in last place gets the quotes that the shell took away.
[[nodiscard]] std::string join(Words words);

// The chain that holds the rule.
[[nodiscard]] std::optional<ruleset::ChainName> chain_of(const ruleset::Ruleset& ruleset, Handle handle);

}  // namespace xdpctl::cli
