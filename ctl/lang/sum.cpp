// SPDX-License-Identifier: BSD-2-Clause
#include "lang/sum.h"

#include "lang/value.h"

namespace xdpctl::lang {
namespace {

using ruleset::FieldInfo;
using ruleset::Value;

constexpr int nesting_max = 8;  // parentheses

std::optional<Value> parse_sum(Cursor& cursor, const FieldInfo& field, int depth);

std::optional<Value> parse_summand(Cursor& cursor, const FieldInfo& field, int depth) {
    if (!cursor.enter_variables())
        return std::nullopt;
    if (!cursor.at(TokenKind::LeftParenthesis))
        return parse_value(cursor, field);
    if (depth == nesting_max) {
        cursor.error(cursor.peek(), "parentheses are nested too deeply");
        return std::nullopt;
    }
    cursor.take();
    const auto sum = parse_sum(cursor, field, depth + 1);
    if (sum && !cursor.take_if(TokenKind::RightParenthesis)) {
        cursor.expected("'|' or ')'");
        return std::nullopt;
    }
    return sum;
}

std::optional<Value> parse_sum(Cursor& cursor, const FieldInfo& field, int depth) {
    auto sum = parse_summand(cursor, field, depth);
    while (sum && (cursor.take_if(TokenKind::Pipe) || cursor.take_if_word("or"))) {
        const auto more = parse_summand(cursor, field, depth);
        sum = more ? std::optional(*sum | *more) : std::nullopt;
    }
    return sum;
}

}  // namespace

std::optional<Value> parse_sum(Cursor& cursor, const FieldInfo& field) {
    return parse_sum(cursor, field, 0);
}

std::optional<Value> parse_summand(Cursor& cursor, const FieldInfo& field) {
    return parse_summand(cursor, field, 0);
}

}  // namespace xdpctl::lang
