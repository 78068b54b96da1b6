// SPDX-License-Identifier: BSD-2-Clause
// How listings name a rule: by its text, its handle, and where it stands.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/chain_choice.h"
#include "ruleset/model.h"

namespace xdpctl::cli {

// "rules.nft:12"; empty for a rule that stands in no file.
[[nodiscard]] std::string place_of(const ruleset::Rule& rule, const NamedRuleset& in);

// "tcp dport 22 counter drop # handle 7 (rules.nft:12)"
[[nodiscard]] std::string reference(const ruleset::Rule& rule, const NamedRuleset& in);
// For a rule that has no handle yet: "tcp dport 22 counter drop (rules.nft:12)"
[[nodiscard]] std::string unnumbered_reference(const ruleset::Rule& rule, const NamedRuleset& in);

// The text alone, cut where it is long.
[[nodiscard]] std::string shortened_rule(const ruleset::Rule& rule);

// {"rule": ..., "handle": N, "comment": ..., "file": ..., "line": N}
[[nodiscard]] nlohmann::json rule_json(const ruleset::Rule& rule, const NamedRuleset& in);

// Null when the table has none of that handle.
[[nodiscard]] const ruleset::Rule* find_rule(const ruleset::Table& table, Handle handle);

}  // namespace xdpctl::cli
