// SPDX-License-Identifier: BSD-2-Clause
// One value of a field: from text and back.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>

#include "lang/cursor.h"
#include "ruleset/field.h"
#include "ruleset/model.h"

namespace xdpctl::lang {

// Decimal, octal with a leading 0, hexadecimal with 0x. Nothing when it is no number below 2^64.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text);

// An Ethernet, IPv4 or IPv6 address; nothing when it is none of the type.
[[nodiscard]] std::optional<ruleset::Value> parse_address(ruleset::ValueType type, std::string_view text);

// The next value (a number, name or address that the field can have). Reports what is wrong and returns nothing.
[[nodiscard]] std::optional<ruleset::Value> parse_value(Cursor& cursor, const ruleset::FieldInfo& field);

// As nft prints it where symbols are used, and as a plain number (in ranges).
[[nodiscard]] std::string format_value(ruleset::ValueType type, ruleset::Value value);
[[nodiscard]] std::string format_plain(ruleset::ValueType type, ruleset::Value value);

// The prefix length when the interval is a prefix of a field of that many bits.
[[nodiscard]] std::optional<unsigned> prefix_length(const ruleset::Interval& interval, unsigned bits);
[[nodiscard]] ruleset::Interval prefix(ruleset::Value address, unsigned length, unsigned bits);

[[nodiscard]] ruleset::Value value_max(unsigned bits);

// "ip saddr"; "iifname", which nft writes without meta.
[[nodiscard]] std::string field_name(const ruleset::FieldInfo& field);

}  // namespace xdpctl::lang
