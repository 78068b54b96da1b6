// SPDX-License-Identifier: BSD-2-Clause
#include "lang/define.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/suggest.h"
#include "ruleset/check.h"

namespace xdpctl::lang {
namespace {

constexpr std::string_view example = "write: define ports = { 22, 80 }";
constexpr std::string_view verdicts[] = {"accept", "drop", "continue", "return", "jump", "goto", "queue"};

bool parse_name(Cursor& cursor, std::string_view& name) {
    const Token token = cursor.peek();
    if (token.kind != TokenKind::Word)
        return cursor.expected("the variable's name", std::string(example));
    name = cursor.text(token);
    if (const auto fault = ruleset::name_fault(name))
        return cursor.error(token, *fault);
    cursor.take();
    return true;
}

bool is_value(TokenKind kind) {
    return kind == TokenKind::Word || kind == TokenKind::Number || kind == TokenKind::Address ||
           kind == TokenKind::Quoted;
}

bool is_sign(TokenKind kind) {
    switch (kind) {
    case TokenKind::Comma:
    case TokenKind::Dash:
    case TokenKind::Slash:
    case TokenKind::Pipe:
    case TokenKind::LeftBrace:
    case TokenKind::RightBrace:
    case TokenKind::LeftParenthesis:
    case TokenKind::RightParenthesis:
    case TokenKind::LeftBracket:
    case TokenKind::RightBracket:
        return true;
    default:
        return false;
    }
}

// What a variable in a value stands for is settled when the value is defined.
bool settle_variable(Cursor& cursor) {
    const Token dollar = cursor.take();
    const Token name = cursor.peek();
    if (name.kind != TokenKind::Word)
        return cursor.expected("a variable's name");
    const Variables::Value* value = cursor.variables().find(cursor.text(name));
    if (value == nullptr)
        return cursor.unknown_variable(dollar, name);
    cursor.variables().use_in_value(dollar.offset, *value);
    cursor.take();
    return true;
}

// Takes one token, or a variable, of a value.
bool take_part(Cursor& cursor) {
    const Token token = cursor.peek();
    if (token.kind == TokenKind::Dollar)
        return settle_variable(cursor);
    if (token.kind == TokenKind::At)
        return cursor.error(token, "a variable cannot stand for a named set",
                            "write the set's name in the rule: @name");
    if (token.kind == TokenKind::Word && std::ranges::find(verdicts, cursor.text(token)) != std::end(verdicts))
        return cursor.error(token, "a variable cannot stand for a verdict", "write the verdict in the rule");
    if (!is_value(token.kind) && !is_sign(token.kind))
        return cursor.expected("a value", std::string(example));
    cursor.take();
    return true;
}

// To the end of the statement, over newlines in braces.
bool take_value(Cursor& cursor) {
    std::size_t depth = 0;
    bool is_complete = false;  // another value can only follow a sign
    if (cursor.at_statement_end())
        return cursor.expected("a value", std::string(example));
    while (depth > 0 || !cursor.at_statement_end()) {
        if (depth > 0 && cursor.take_if(TokenKind::Newline))
            continue;
        const TokenKind kind = cursor.peek().kind;
        if (is_complete && (is_value(kind) || kind == TokenKind::Dollar || kind == TokenKind::LeftBrace))
            return cursor.expected(depth > 0 ? "',' or '}'" : "a newline or ';'");
        if (!take_part(cursor))
            return false;
        is_complete = is_value(kind) || kind == TokenKind::Dollar || kind == TokenKind::RightBrace;
        if (kind == TokenKind::LeftBrace)
            ++depth;
        else if (kind == TokenKind::RightBrace)
            --depth;
    }
    return true;
}

}  // namespace

bool parse_definition(Cursor& cursor) {
    const bool is_new = cursor.is_word(cursor.take(), "define");
    const Token token = cursor.peek();
    std::string_view name;
    if (!parse_name(cursor, name))
        return false;
    if (is_new && cursor.variables().find(name) != nullptr)
        return cursor.error(token, fmt::format("the variable '{}' is already defined", name), "write redefine");
    if (!cursor.take_if(TokenKind::Assign))
        return cursor.expected("'='", std::string(example));
    const std::size_t first = cursor.mark();
    if (!take_value(cursor))
        return false;
    cursor.variables().define(name, {.first = first, .last = cursor.mark(), .defined_at = token.offset});
    return true;
}

bool parse_undefine(Cursor& cursor) {
    cursor.take();
    const Token token = cursor.peek();
    std::string_view name;
    if (!parse_name(cursor, name))
        return false;
    if (cursor.variables().find(name) == nullptr)
        return cursor.error(token, fmt::format("unknown variable '{}'", name),
                            did_you_mean(name, cursor.variables().names()));
    if (!cursor.variables().is_of_innermost_scope(name))
        return cursor.error(token, fmt::format("the variable '{}' is defined outside of this block", name),
                            "undefine it there");
    cursor.variables().undefine(name);
    return true;
}

}  // namespace xdpctl::lang
