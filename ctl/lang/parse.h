// SPDX-License-Identifier: BSD-2-Clause
// Text to ruleset: nftables' dialect, family netdev. Pure and deterministic; safe on hostile input.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "ruleset/model.h"

namespace xdpctl::lang {

// One finding in a source text, with the line it stands in.
struct Diagnostic {
    std::string source;       // file name, "<stdin>", "<command line>"
    std::uint32_t line = 0;   // from 1
    std::uint32_t column = 0; // from 1, in bytes
    std::uint32_t length = 1; // of the token, in bytes
    std::string line_text;
    std::string message;      // "unknown field 'dprt' of tcp"
    std::string hint;         // "did you mean 'dport'?"; may be empty

    // file:line:column: error: message, the line, a caret line, the hint. No trailing newline.
    [[nodiscard]] std::string text() const;
};

// Errors of parse functions: kind Input, `what` the first diagnostic's text (all of them, one after the other).

// A whole file: `flush ruleset` (accepted, since a file states the whole ruleset), tables, comments.
// Handles in `# handle N` comments are read when `with_handles` is set (the stored ruleset), else ignored and left 0.
[[nodiscard]] Result<ruleset::Ruleset> parse_ruleset(std::string_view text, std::string_view source,
                                                     bool with_handles = false);

// One rule as on the command line: `tcp dport 22 counter drop comment "ssh"`.
[[nodiscard]] Result<ruleset::Rule> parse_rule(std::string_view text, std::string_view source);

}  // namespace xdpctl::lang
