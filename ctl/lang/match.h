// SPDX-License-Identifier: BSD-2-Clause
// What follows a field: operator and values.
#pragma once

#include <optional>
#include <string_view>

#include "lang/cursor.h"
#include "ruleset/model.h"

namespace xdpctl::lang {

// match.field is set and its words are taken; the rest of the match is read into it, with values of the given kind.
// Returns false after reporting an error.
[[nodiscard]] bool parse_match(Cursor& cursor, const ruleset::FieldInfo& field, ruleset::Match& match);

// One value, prefix or range of a field. Returns false after reporting an error.
[[nodiscard]] bool parse_interval(Cursor& cursor, const ruleset::FieldInfo& field, ruleset::Interval& interval);

// The name of an interface, or a wildcard. Reports what is wrong and returns nothing.
[[nodiscard]] std::optional<std::string_view> parse_interface_name(Cursor& cursor);

}  // namespace xdpctl::lang
