// SPDX-License-Identifier: BSD-2-Clause
// Values of a field that '|' joins: `syn | ack`, in parentheses or not.
#pragma once

#include <optional>

#include "lang/cursor.h"
#include "ruleset/field.h"
#include "ruleset/interval.h"

namespace xdpctl::lang {

// Both report what is wrong and return nothing.
[[nodiscard]] std::optional<ruleset::Value> parse_sum(Cursor& cursor, const ruleset::FieldInfo& field);
// One value, or a sum in parentheses.
[[nodiscard]] std::optional<ruleset::Value> parse_summand(Cursor& cursor, const ruleset::FieldInfo& field);

}  // namespace xdpctl::lang
