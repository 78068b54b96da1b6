// SPDX-License-Identifier: BSD-2-Clause
// What follows a field: operator and values.
#pragma once

#include "lang/cursor.h"
#include "ruleset/model.h"

namespace xdpctl::lang {

// match.field is set and its words are taken; the rest of the match is read into it. Returns false after reporting an
// error.
[[nodiscard]] bool parse_match(Cursor& cursor, ruleset::Match& match);

}  // namespace xdpctl::lang
