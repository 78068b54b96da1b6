// SPDX-License-Identifier: BSD-2-Clause
// One rule: its statements up to the end of the line.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "lang/cursor.h"
#include "lang/protocols.h"
#include "lang/statement_pool.h"
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
    // A rule has at most one of them.
    template <typename Kind>
    bool is_first(std::string_view what, std::string_view hint);
    bool parse_counter();
    bool parse_log_statement();
    bool parse_limit_statement();
    bool parse_family();
    bool parse_payload();
    bool parse_match_of(ruleset::Field field);
    bool parse_lookup(std::vector<ruleset::Field> fields);
    bool parse_map(std::vector<ruleset::Field> fields);
    [[nodiscard]] bool is_set_ahead() const;
    bool parse_comment(ruleset::Rule& rule);
    bool refuse_statement(const Token& first);

    Cursor& cursor_;
    Protocols protocols_;                         // that the rule being read has settled on
    std::vector<ruleset::Statement> statements_;  // of the rule being read; its storage serves all rules
    StatementPool pool_;                          // of the rules that were read
};

// A field by its name, such as `tcp dport` or `iifname`. Reports what is wrong and returns nothing.
[[nodiscard]] std::optional<ruleset::Field> parse_field_name(Cursor& cursor);

// `tcp dport`, or several joined by dots. Reports what is wrong and returns nothing.
[[nodiscard]] std::vector<ruleset::Field> parse_field_names(Cursor& cursor);

// A verdict, or where to go on: `accept`, `jump web`, `return`. Nothing, and no error, when it is something else.
// An error leaves `failed` set.
[[nodiscard]] std::optional<ruleset::Outcome> parse_outcome(Cursor& cursor, bool& failed);

// Behind the word counter: [packets N] [bytes N], in any order. Returns false after an error.
[[nodiscard]] bool parse_counter_start(Cursor& cursor, ruleset::Counter& counter);

// `comment "text"` with the word taken: the text, or nothing after an error.
[[nodiscard]] std::optional<std::string_view> parse_comment_text(Cursor& cursor);

}  // namespace xdpctl::lang
