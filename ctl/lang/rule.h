// SPDX-License-Identifier: BSD-2-Clause
// One rule: its statements up to the end of the line.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "lang/cursor.h"
#include "ruleset/model.h"

namespace xdpctl::lang {

class RuleParser {
public:
    explicit RuleParser(Cursor& cursor) : cursor_(cursor) {}

    // Reads a rule and stops in front of what ends it. Returns false after an error, standing somewhere in the rule.
    [[nodiscard]] bool parse(ruleset::Rule& rule);

private:
    bool parse_statements();
    bool parse_statement(const Token& first);
    bool parse_counter();
    bool parse_log_statement();
    bool parse_field(std::string_view protocol);
    bool parse_match_of(ruleset::Field field);
    bool parse_comment(ruleset::Rule& rule);
    bool refuse_field(std::string_view protocol);
    bool refuse_statement(const Token& first);

    Cursor& cursor_;
    std::vector<ruleset::Statement> statements_;  // of the rule being read; its storage serves all rules
};

// `comment "text"` with the word taken: the text, or nothing after an error.
[[nodiscard]] std::optional<std::string_view> parse_comment_text(Cursor& cursor);

}  // namespace xdpctl::lang
