// SPDX-License-Identifier: BSD-2-Clause
#include "lang/format_match.h"

#include <fmt/format.h>

#include <bit>
#include <iterator>

#include "lang/value.h"
#include "ruleset/ifname.h"

namespace xdpctl::lang {
namespace {

using ruleset::FieldInfo;
using ruleset::Interval;
using ruleset::Match;
using ruleset::Relation;
using ruleset::Value;
using ruleset::ValueType;

using Buffer = fmt::memory_buffer;

void append(Buffer& out, std::string_view text) {
    out.append(text);
}

// The single flags of a value, joined: "syn,ack" or "syn | ack".
std::string join_flags(Value flags, std::string_view separator) {
    if (flags == 0)
        return "0x0";
    std::string text;
    for (Value bit = 1; bit <= flags; bit <<= 1U) {
        if ((flags & bit) == 0)
            continue;
        if (!text.empty())
            text += separator;
        text += format_value(ValueType::TcpFlag, bit);
    }
    return text;
}

// "192.0.2.1", "192.0.2.0/24", "80-90".
std::string format_interval(const FieldInfo& field, const Interval& interval) {
    if (interval.first == interval.last)
        return format_value(field.type, interval.first);
    std::string text = format_plain(field.type, interval.first);
    const bool is_ip = field.type == ValueType::Ipv4Addr || field.type == ValueType::Ipv6Addr;
    const auto length = is_ip ? prefix_length(interval, field.bits) : std::nullopt;
    text += length ? '/' : '-';
    text += length ? fmt::format_int(*length).str() : format_plain(field.type, interval.last);
    return text;
}

void append_values(Buffer& out, const FieldInfo& field, const Match& match) {
    if (match.is_set)
        append(out, "{ ");
    for (const Interval& interval : match.values) {
        if (&interval != match.values.data())
            append(out, ", ");
        append(out, match.is_set ? format_element(field, interval) : format_interval(field, interval));
    }
    if (match.is_set)
        append(out, " }");
}

void append_names(Buffer& out, const Match& match) {
    if (match.is_set)
        fmt::format_to(std::back_inserter(out), "{{ \"{}\" }}", fmt::join(match.names, "\", \""));
    else
        fmt::format_to(std::back_inserter(out), "\"{}\"", match.names.front());
}

// Bits that are set whatever the field has, and the mask with these in it, as nft prints both.
void append_bitwise(Buffer& out, const FieldInfo& field, const Match& match) {
    if (!match.mask)
        return;
    const Value mask = *match.mask | match.ones;
    if (mask != value_max(field.bits))
        fmt::format_to(std::back_inserter(out), "& {} ", format_value(field.type, mask));
    if (match.ones != 0)
        fmt::format_to(std::back_inserter(out), "| {} ", format_value(field.type, match.ones));
}

void append_flag_mask(Buffer& out, Value mask) {
    const bool is_single = std::popcount(static_cast<std::uint32_t>(mask)) <= 1;
    const std::string flags = join_flags(mask, " | ");
    append(out, is_single ? fmt::format("& {} ", flags) : fmt::format("& ({}) ", flags));
}

// Equal is understood, except between flags, where a value alone would mean "any of".
void append_operator(Buffer& out, const FieldInfo& field, const Match& match) {
    const bool is_flag_value = field.type == ValueType::TcpFlag && !match.is_set &&
                               (match.mask || match.values[0].first == match.values[0].last);
    const bool is_flag_mask = match.mask.has_value();
    if (match.relation != Relation::Equal || is_flag_value || is_flag_mask) {
        append(out, operator_sign(match.relation));
        append(out, " ");
    }
}

bool is_value(const Match& match, Value value) {
    return !match.is_set && match.values.size() == 1 && match.values[0].first == value && match.values[0].last == value;
}

}  // namespace

MatchForm match_form(const Match& match) {
    if (match.is_flags)
        return MatchForm::FlagsAny;
    if (!match.mask)
        return MatchForm::Plain;
    if (ruleset::info(match.field).type != ValueType::TcpFlag)
        return MatchForm::Masked;
    const bool is_single = !match.is_set && match.values[0].first == match.values[0].last;
    if (match.relation == Relation::Equal && is_value(match, 0))
        return MatchForm::FlagsNone;
    // nft prints, but does not read, a single flag behind the slash.
    const bool is_equality = match.relation == Relation::Equal || match.relation == Relation::NotEqual;
    const bool has_several = std::popcount(static_cast<std::uint32_t>(*match.mask)) > 1;
    if (is_equality && is_single && has_several && match.values[0].first != 0)
        return MatchForm::FlagsUnder;
    return MatchForm::FlagsMasked;
}

std::string_view payload_base(const ruleset::RawPayload& payload) {
    constexpr std::string_view names[] = {"ll", "nh", "th"};
    return names[static_cast<std::size_t>(payload.base)];
}

std::string format_payload(const ruleset::RawPayload& payload) {
    return fmt::format("@{},{},{}", payload_base(payload), payload.offset, payload.length);
}

std::string_view operator_sign(Relation relation) {
    switch (relation) {
    case Relation::Equal:
        return "==";
    case Relation::NotEqual:
        return "!=";
    case Relation::Less:
        return "<";
    case Relation::Greater:
        return ">";
    case Relation::LessEqual:
        return "<=";
    case Relation::GreaterEqual:
        return ">=";
    }
    return "==";
}

std::string format_element(const FieldInfo& field, const Interval& interval) {
    if (field.type == ValueType::Ifname)
        return fmt::format("\"{}\"", ruleset::ifname_pattern(interval));
    if (field.type == ValueType::TcpFlag && interval.first == interval.last)
        return join_flags(interval.first, " | ");
    return format_interval(field, interval);
}

std::string format_match(const Match& match) {
    Buffer out;
    format_match(match, out);
    return fmt::to_string(out);
}

void format_match(const Match& match, Buffer& out) {
    const FieldInfo field = ruleset::field_of(match);
    if (match.field == ruleset::Field::Raw) {
        append(out, format_payload(match.payload));
    } else if (ruleset::is_interface(field.type)) {
        append(out, field.name);
    } else {
        append(out, field.protocol);
        append(out, " ");
        append(out, field.name);
    }
    append(out, " ");
    switch (match_form(match)) {
    case MatchForm::FlagsAny:
        append(out, join_flags(*match.mask, ","));
        break;
    case MatchForm::FlagsNone:
        append(out, "! ");
        append(out, join_flags(*match.mask, ","));
        break;
    case MatchForm::FlagsUnder:
        if (match.relation == Relation::NotEqual)
            append(out, "!= ");
        fmt::format_to(std::back_inserter(out), "{} / {}", join_flags(match.values[0].first, ","),
                       join_flags(*match.mask, ","));
        break;
    case MatchForm::FlagsMasked:
        append_flag_mask(out, *match.mask);
        append_operator(out, field, match);
        append_values(out, field, match);
        break;
    case MatchForm::Plain:
    case MatchForm::Masked:
        append_bitwise(out, field, match);
        append_operator(out, field, match);
        if (ruleset::is_interface(field.type))
            append_names(out, match);
        else
            append_values(out, field, match);
        break;
    }
}

}  // namespace xdpctl::lang
