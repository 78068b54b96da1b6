// SPDX-License-Identifier: BSD-2-Clause
// Text to ruleset: nftables' dialect, family netdev. Pure and deterministic; safe on hostile input.
#pragma once

#include <string_view>

#include "base/error.h"
#include "ruleset/model.h"

namespace xdpctl::lang {

// Errors of parse functions: kind Input, or Limit when a ruleset is good but too large; `what` has every finding (up to
// 20), each with file:line:column, message, the line, a caret line and a hint.

// A whole file: `flush ruleset` (accepted, since a file states the whole ruleset), tables, comments.
// Handles in `# handle N` comments are read when `with_handles` is set (the stored ruleset), else ignored and left 0.
[[nodiscard]] Result<ruleset::Ruleset> parse_ruleset(std::string_view text, std::string_view source,
                                                     bool with_handles = false);

// One rule as on the command line: `tcp dport 22 counter drop comment "ssh"`.
[[nodiscard]] Result<ruleset::Rule> parse_rule(std::string_view text, std::string_view source);

}  // namespace xdpctl::lang
