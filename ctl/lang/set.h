// SPDX-License-Identifier: BSD-2-Clause
// Anonymous sets: { a, b }, with newlines and nested braces where nft allows them.
#pragma once

#include <functional>

#include "lang/cursor.h"

namespace xdpctl::lang {

// Reads a set from its opening to its closing brace; parse_element reads one element and reports its errors.
[[nodiscard]] bool parse_set(Cursor& cursor, const std::function<bool()>& parse_element);

// Whether a value is taken from elsewhere (@set, $variable), which is not supported; reports it.
[[nodiscard]] bool refuse_reference(Cursor& cursor);

}  // namespace xdpctl::lang
