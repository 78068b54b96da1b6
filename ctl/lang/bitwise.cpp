// SPDX-License-Identifier: BSD-2-Clause
#include "lang/bitwise.h"

#include <fmt/format.h>

#include <algorithm>

#include "lang/sum.h"
#include "lang/value.h"

namespace xdpctl::lang {
namespace {

using ruleset::FieldInfo;
using ruleset::Interval;
using ruleset::Match;
using ruleset::Relation;
using ruleset::Value;
using ruleset::ValueType;

// From the one that binds tightest.
enum class BitOperator { None, ShiftLeft, ShiftRight, And, Xor, Or };

struct OperatorSign {
    TokenKind sign;
    std::string_view word;
    BitOperator op;
};

constexpr OperatorSign operator_signs[] = {
    {TokenKind::ShiftLeft, "lshift", BitOperator::ShiftLeft},
    {TokenKind::ShiftRight, "rshift", BitOperator::ShiftRight},
    {TokenKind::Ampersand, "and", BitOperator::And},
    {TokenKind::Caret, "xor", BitOperator::Xor},
    {TokenKind::Pipe, "or", BitOperator::Or},
};

BitOperator operator_at(const Cursor& cursor) {
    for (const OperatorSign& entry : operator_signs)
        if (cursor.at(entry.sign) || cursor.at_word(entry.word))
            return entry.op;
    return BitOperator::None;
}

bool is_single(const Interval& interval) {
    return interval.first == interval.last;
}

bool is_equality(Relation relation) {
    return relation == Relation::Equal || relation == Relation::NotEqual;
}

bool is_network_address(ValueType type) {
    return type == ValueType::Ipv4Addr || type == ValueType::Ipv6Addr;
}

}  // namespace

bool Bitwise::parse(Cursor& cursor, const FieldInfo& field) {
    all_ = value_max(field.bits);
    mask_ = all_;
    BitOperator previous = BitOperator::None;
    for (BitOperator op = operator_at(cursor); op != BitOperator::None; op = operator_at(cursor)) {
        const Token token = cursor.peek();
        if (ruleset::is_interface(field.type) || field.type == ValueType::Existence)
            return cursor.error(token, fmt::format("{} has no bits", field_name(field)), "write == or !=");
        if (op < previous)
            return cursor.error(token,
                                fmt::format("'{}' binds tighter than what stands in front of it", cursor.text(token)),
                                "put '&' in front of '^' and '^' in front of '|'");
        if (!any_)
            first_ = token;
        any_ = true;
        previous = op;
        cursor.take();
        if (op == BitOperator::ShiftLeft || op == BitOperator::ShiftRight) {
            if (!parse_shift(cursor, field, op == BitOperator::ShiftLeft))
                return false;
            continue;
        }
        if (shift_ != 0)
            return cursor.error(token, "a shift stands alone in front of its comparison",
                                "write a mask and no shift: ip id & 0xff00 == 0x1200");
        Value operand = 0;
        if (!parse_operand(cursor, field, operand))
            return false;
        if (op == BitOperator::And) {
            mask_ &= operand;
            flip_ &= operand;
        } else if (op == BitOperator::Or) {
            mask_ &= ~operand;
            flip_ |= operand;
        } else {
            flip_ ^= operand;
        }
    }
    if (any_ && cursor.at_statement_end())
        return cursor.expected("a comparison", fmt::format("write: {} & 0x1 == 0x1", field_name(field)));
    return true;
}

bool Bitwise::parse_operand(Cursor& cursor, const FieldInfo& field, Value& value) {
    const auto operand = parse_summand(cursor, field);
    value = operand.value_or(0);
    return operand.has_value();
}

bool Bitwise::parse_shift(Cursor& cursor, const FieldInfo& field, bool is_left) {
    const Token token = cursor.peek();
    if (any_ && (mask_ != all_ || flip_ != 0 || shift_ != 0))
        return cursor.error(token, "a shift stands alone in front of its comparison",
                            "write a mask and no shift: ip id & 0xff00 == 0x1200");
    if (token.kind != TokenKind::Number)
        return cursor.expected("a number of bits");
    const auto bits = parse_number(cursor.text(token));
    if (!bits || *bits == 0 || *bits >= field.bits)
        return cursor.error(token, fmt::format("{} cannot be shifted by {}: it has {} bits", field_name(field),
                                               cursor.text(token), field.bits));
    cursor.take();
    shift_ = is_left ? static_cast<int>(*bits) : -static_cast<int>(*bits);
    return true;
}

// (field << n) == x is field == x / 2^n; (field >> n) == x is a range.
bool Bitwise::unshift(Cursor& cursor, const FieldInfo& field, Match& match) const {
    const bool singles = std::ranges::all_of(match.values, is_single);
    if (!is_equality(match.relation) || !singles)
        return cursor.error(first_, "a shifted value is compared with == or != and single values",
                            "write a mask, or a range of the field itself");
    const auto bits = static_cast<unsigned>(shift_ < 0 ? -shift_ : shift_);
    const Value low = value_max(bits);
    for (Interval& interval : match.values) {
        const Value value = interval.first;
        if (shift_ > 0 ? (value & low) != 0 : value > (all_ >> bits))
            return cursor.error(
                first_, fmt::format("{} never has that value when it is shifted by {}", field_name(field), bits));
        interval = shift_ > 0 ? Interval{value >> bits, value >> bits} : Interval{value << bits, value << bits | low};
    }
    return true;
}

bool Bitwise::apply(Cursor& cursor, const FieldInfo& field, Match& match) const {
    if (!any_)
        return true;
    if (shift_ != 0)
        return unshift(cursor, field, match);
    if (const Value moved = mask_ & flip_; moved != 0) {
        if (!is_equality(match.relation) || !std::ranges::all_of(match.values, is_single))
            return cursor.error(first_, "flipped bits are compared with == or != and single values",
                                "write the values as they are without '^'");
        for (Interval& interval : match.values)
            interval = {interval.first ^ moved, interval.first ^ moved};
        std::ranges::sort(match.values, {}, &Interval::first);
    }
    match.ones = flip_ & ~mask_;
    if (mask_ != all_)
        match.mask = mask_;
    const bool is_lone_value = match.values.size() == 1 && is_single(match.values[0]) && is_equality(match.relation);
    if (!match.mask || match.ones != 0 || !is_lone_value || !is_network_address(field.type))
        return true;
    const auto length = prefix_length({mask_, mask_ | (all_ ^ mask_)}, field.bits);
    const Value address = match.values[0].first;
    if (!length || (address & ~mask_) != 0)
        return true;
    match.mask.reset();
    match.values[0] = prefix(address, *length, field.bits);
    return true;
}

}  // namespace xdpctl::lang
