// SPDX-License-Identifier: BSD-2-Clause
#include "lang/set.h"

#include <fmt/format.h>

#include <algorithm>

namespace xdpctl::lang {
namespace {

constexpr int nesting_max = 8;

constexpr std::string_view element_words[] = {"comment", "timeout", "expires", "counter", "limit", "quota", "last"};

// What may follow an element in nft but has no meaning here yet.
bool refuse_element_extras(Cursor& cursor) {
    const Token token = cursor.peek();
    if (token.kind == TokenKind::Colon) {
        cursor.error(token, "an element has a verdict only in a verdict map", "write: tcp dport vmap { 22 : accept }");
        return true;
    }
    if (token.kind == TokenKind::Dot) {
        cursor.error(token, "the element has more parts than there are fields",
                     "join the fields too: ip saddr . tcp dport");
        return true;
    }
    if (token.kind == TokenKind::Word &&
        std::ranges::find(element_words, cursor.text(token)) != std::end(element_words)) {
        cursor.error(token, fmt::format("'{}' of a set element is not supported yet", cursor.text(token)),
                     "leave it out");
        return true;
    }
    return false;
}

bool parse_nested(Cursor& cursor, const std::function<bool()>& parse_element, int depth) {
    if (depth > nesting_max)
        return cursor.error(cursor.peek(), "sets are nested too deeply", "write all elements in one pair of braces");
    cursor.take();
    cursor.skip_newlines();
    if (cursor.at(TokenKind::RightBrace))
        return cursor.expected("an element", "a set has at least one");
    while (true) {
        if (!enter_value(cursor))
            return false;
        const bool is_good =
            cursor.at(TokenKind::LeftBrace) ? parse_nested(cursor, parse_element, depth + 1) : parse_element();
        if (!is_good || refuse_element_extras(cursor))
            return false;
        if (const TokenKind next = cursor.kind_behind_newlines();
            next == TokenKind::Comma || next == TokenKind::RightBrace)
            cursor.skip_newlines();
        const bool has_comma = cursor.take_if(TokenKind::Comma);
        if (has_comma)
            cursor.skip_newlines();
        if (cursor.take_if(TokenKind::RightBrace))
            return true;
        if (!has_comma)
            return cursor.expected("',' or '}'");
    }
}

}  // namespace

bool parse_set(Cursor& cursor, const std::function<bool()>& parse_element) {
    return parse_nested(cursor, parse_element, 1);
}

bool enter_value(Cursor& cursor) {
    if (cursor.at(TokenKind::At))
        return cursor.error(cursor.peek(), "a named set cannot stand here",
                            "write it behind a field, alone or with == or !=: ip saddr @blocked");
    return cursor.enter_variables();
}

}  // namespace xdpctl::lang
