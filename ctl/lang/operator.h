// SPDX-License-Identifier: BSD-2-Clause
// The operator between a field and its values.
#pragma once

#include <optional>

#include "lang/cursor.h"
#include "ruleset/model.h"

namespace xdpctl::lang {

// None: the values follow the field directly. For flags that is not the same as Equal.
enum class Operator { None, Equal, NotEqual, Not, Less, Greater, LessEqual, GreaterEqual };

// Takes an operator, as a sign or as a word (eq, ne, lt, gt, le, ge, not). Reports signs that look like one.
[[nodiscard]] std::optional<Operator> parse_operator(Cursor& cursor);

[[nodiscard]] ruleset::Relation relation(Operator op);

}  // namespace xdpctl::lang
