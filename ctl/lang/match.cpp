// SPDX-License-Identifier: BSD-2-Clause
#include "lang/match.h"

#include <fmt/format.h>

#include <algorithm>

#include "lang/bitwise.h"
#include "lang/flags.h"
#include "lang/operator.h"
#include "lang/set.h"
#include "lang/value.h"
#include "ruleset/check.h"

namespace xdpctl::lang {
namespace {

using ruleset::FieldInfo;
using ruleset::Interval;
using ruleset::Match;
using ruleset::Relation;
using ruleset::Value;
using ruleset::ValueType;

bool parse_prefix(Cursor& cursor, const FieldInfo& field, Value address, Interval& interval) {
    const Token token = cursor.peek();
    if (token.kind != TokenKind::Number)
        return cursor.expected("a prefix length", fmt::format("write a number from 0 to {}", field.bits));
    const auto length = parse_number(cursor.text(token));
    if (!length || *length > field.bits)
        return cursor.error(token, fmt::format("prefix length {} is out of range: {} has {} bits", cursor.text(token),
                                               field_name(field), field.bits));
    cursor.take();
    interval = prefix(address, static_cast<unsigned>(*length), field.bits);
    return true;
}

bool parse_values(Cursor& cursor, const FieldInfo& field, Match& match) {
    match.values.reserve(1);
    if (!cursor.at(TokenKind::LeftBrace))
        return parse_interval(cursor, field, match.values.emplace_back());
    bool has_ranges = false;
    const bool is_read = parse_set(cursor, [&] {
        Interval& interval = match.values.emplace_back();
        const bool is_good = parse_interval(cursor, field, interval);
        has_ranges |= interval.first != interval.last;
        return is_good;
    });
    if (!is_read)
        return false;
    ruleset::merge_intervals(match.values, has_ranges);
    match.is_set = match.values.size() > 1;
    return true;
}

bool parse_name(Cursor& cursor, const FieldInfo& field, std::vector<std::string>& names) {
    const Token token = cursor.peek();
    const auto name = parse_interface_name(cursor);
    if (!name)
        return false;
    if (name->ends_with('*') && field.type == ValueType::Ifindex)
        return cursor.error(token, fmt::format("{} compares one interface and takes no wildcard", field.name),
                            fmt::format("write: {}name \"{}\"", field.name, *name));
    if (token.kind == TokenKind::Number && field.type == ValueType::Ifindex)
        return cursor.error(token, "interfaces are compared by name, not by index",
                            fmt::format("write: {} \"eth0\"", field.name));
    names.emplace_back(*name);
    return true;
}

bool parse_names(Cursor& cursor, const FieldInfo& field, Match& match) {
    if (!cursor.at(TokenKind::LeftBrace))
        return parse_name(cursor, field, match.names);
    if (!parse_set(cursor, [&] { return parse_name(cursor, field, match.names); }))
        return false;
    std::ranges::sort(match.names);
    match.names.erase(std::ranges::unique(match.names).begin(), match.names.end());
    match.is_set = match.names.size() > 1;
    return true;
}

bool has_order(Relation relation) {
    return relation != Relation::Equal && relation != Relation::NotEqual;
}

bool check_order(Cursor& cursor, const Token& operator_token, const Match& match) {
    if (!has_order(match.relation) || (match.values.size() == 1 && match.values[0].first == match.values[0].last))
        return true;
    return cursor.error(operator_token, "an order compares one value, not a set, range or prefix", "write == or !=");
}

// Whether the next token continues the expression in a way that is not supported; reports it.
bool refuse_continuation(Cursor& cursor) {
    const Token token = cursor.peek();
    switch (token.kind) {
    case TokenKind::Dot:
        cursor.error(token, "concatenations ('.') are not supported yet",
                     "write one match after the other: ip saddr 192.0.2.1 tcp dport 22");
        return true;
    case TokenKind::Ampersand:
    case TokenKind::Pipe:
    case TokenKind::Caret:
    case TokenKind::ShiftLeft:
    case TokenKind::ShiftRight:
        cursor.error(token, fmt::format("the operator '{}' is not supported yet here", cursor.text(token)),
                     "write it behind the field: meta mark & 0xff == 0x1");
        return true;
    case TokenKind::Word:
        if (cursor.at_word("vmap") || cursor.at_word("map")) {
            cursor.error(token, fmt::format("'{}' is not supported yet", cursor.text(token)),
                         "write one rule for each verdict");
            return true;
        }
        if (cursor.at_word("and") || cursor.at_word("or") || cursor.at_word("xor") || cursor.at_word("lshift") ||
            cursor.at_word("rshift")) {
            cursor.error(token, fmt::format("the operator '{}' is not supported yet here", cursor.text(token)),
                         "matches that stand side by side must all hold");
            return true;
        }
        return false;
    case TokenKind::Comma:
        cursor.error(token, "several values stand in braces", "write them as a set: { 22, 80 }");
        return true;
    default:
        return false;
    }
}

}  // namespace

bool parse_interval(Cursor& cursor, const FieldInfo& field, Interval& interval) {
    const Token first = cursor.peek();
    const auto value = parse_value(cursor, field);
    if (!value)
        return false;
    if (cursor.take_if(TokenKind::Slash))
        return parse_prefix(cursor, field, *value, interval);
    interval = {.first = *value, .last = *value};
    if (!cursor.take_if(TokenKind::Dash))
        return true;
    const Token last = cursor.peek();
    const auto end = parse_value(cursor, field);
    if (!end)
        return false;
    if (*end < *value)
        return cursor.error(
            first, last, "the range is reversed: its end is less than its start",
            fmt::format("write it as {}-{}", format_plain(field.type, *end), format_plain(field.type, *value)));
    interval.last = *end;
    return true;
}

std::optional<std::string_view> parse_interface_name(Cursor& cursor) {
    const Token token = cursor.peek();
    const auto refuse = [&](const Token& at, std::string message, std::string hint = {}) {
        cursor.error(at, std::move(message), std::move(hint));
        return std::nullopt;
    };
    if (token.kind != TokenKind::Word && token.kind != TokenKind::Quoted && token.kind != TokenKind::Number) {
        cursor.expected("an interface name", "write it like \"eth0\"");
        return std::nullopt;
    }
    const std::string_view name = cursor.unquoted(token);
    if (name.ends_with("\\*"))
        return refuse(token, "an interface name with a literal '*' is not supported yet",
                      "leave the backslash out for a wildcard");
    if (name == "*")
        return refuse(token, "a wildcard needs a beginning: '*' alone matches every interface", "leave the match out");
    if (const auto fault = ruleset::device_fault(name.ends_with('*') ? name.substr(0, name.size() - 1) : name))
        return refuse(token, *fault);
    cursor.take();
    if (cursor.at(TokenKind::Dash))
        return refuse(cursor.peek(), "interface names have no ranges",
                      "write a set { \"eth0\", \"eth1\" } or a wildcard \"eth*\"");
    return name;
}

bool parse_match(Cursor& cursor, const FieldInfo& field, Match& match) {
    if (field.type == ValueType::TcpFlag)
        return parse_flags_match(cursor, field, match) && !refuse_continuation(cursor);
    Bitwise bitwise;
    if (!bitwise.parse(cursor, field) || refuse_continuation(cursor))
        return false;
    const Token operator_token = cursor.peek();
    const std::optional<Operator> op = parse_operator(cursor);
    if (!op)
        return false;
    if (*op == Operator::Not)
        return cursor.error(operator_token, "'!' works on tcp flags only", "write !=");
    match.relation = relation(*op);
    if (!enter_value(cursor))
        return false;
    if (ruleset::is_interface(field.type)) {
        if (has_order(match.relation))
            return cursor.error(operator_token, fmt::format("{} has no order", field_name(field)), "write == or !=");
        return parse_names(cursor, field, match) && !refuse_continuation(cursor);
    }
    return parse_values(cursor, field, match) && !refuse_continuation(cursor) &&
           check_order(cursor, operator_token, match) && bitwise.apply(cursor, field, match);
}

}  // namespace xdpctl::lang
