// SPDX-License-Identifier: BSD-2-Clause
// Anonymous sets: { a, b }, with newlines and nested braces where nft allows them.
#pragma once

#include <functional>

#include "lang/cursor.h"

namespace xdpctl::lang {

// Reads a set from its opening to its closing brace; parse_element reads one element and reports its errors.
[[nodiscard]] bool parse_set(Cursor& cursor, const std::function<bool()>& parse_element);

// In front of a value: goes on with that of a variable; refuses names of sets. Returns false after an error.
[[nodiscard]] bool enter_value(Cursor& cursor);

}  // namespace xdpctl::lang
