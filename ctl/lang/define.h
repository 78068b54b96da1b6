// SPDX-License-Identifier: BSD-2-Clause
// `define NAME = value`, `redefine NAME = value` and `undefine NAME`.
#pragma once

#include "lang/cursor.h"

namespace xdpctl::lang {

// The next word is one of the three. Return false after reporting an error; leave the newline or semicolon behind it.
[[nodiscard]] bool parse_definition(Cursor& cursor);
[[nodiscard]] bool parse_undefine(Cursor& cursor);

}  // namespace xdpctl::lang
