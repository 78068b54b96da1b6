// SPDX-License-Identifier: BSD-2-Clause
// Text to ruleset: nftables' dialect, family netdev. Pure and deterministic; safe on hostile input.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "ruleset/model.h"

namespace xdpctl::lang {

// Errors of parse functions: kind Input, or Limit when a ruleset is good but too large; `what` has every finding (up to
// 20), each with file:line:column, message, the line, a caret line and a hint.

struct IncludedFile {
    std::string name;
    std::string text;
};
// Opens the files that an `include "pattern"` names, in order. Parsing itself never sees a file system.
using OpenIncluded = std::function<Result<std::vector<IncludedFile>>(const std::string& pattern)>;

// A whole file: `flush ruleset` (accepted, since a file states the whole ruleset), tables, comments. Or the same as a
// document in libnftables' JSON schema, which has no lines: errors name its parts, /nftables/3/rule/expr/0/match/right.
// Handles in `# handle N` comments are read when `with_handles` is set (the stored ruleset), else ignored and left 0.
[[nodiscard]] Result<ruleset::Ruleset> parse_ruleset(std::string_view text, std::string_view source,
                                                     bool with_handles = false);
// The same with the files that it includes.
[[nodiscard]] Result<ruleset::Ruleset> parse_ruleset_file(std::string_view text, std::string_view source,
                                                          const OpenIncluded& open);

struct ParsedFile {
    ruleset::Ruleset ruleset;
    std::vector<std::string> sources;  // the names that SourcePosition::text counts
};
// The same, for those who tell where a rule stands. Base chains that name no devices have the given ones.
[[nodiscard]] Result<ParsedFile> parse_file(std::string_view text, std::string_view source, const OpenIncluded& open,
                                            const std::vector<std::string>& devices = {});

// One rule as on the command line: `tcp dport 22 counter drop comment "ssh"`.
[[nodiscard]] Result<ruleset::Rule> parse_rule(std::string_view text, std::string_view source);

// `{ element, ... }` of the set. Elements that overlap are refused, or become one where the set says auto-merge.
[[nodiscard]] Result<ruleset::Elements> parse_set_elements(std::string_view text, std::string_view source,
                                                           const ruleset::Set& set);

}  // namespace xdpctl::lang
