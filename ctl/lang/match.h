// SPDX-License-Identifier: BSD-2-Clause
// What follows a field: operator and values.
#pragma once

#include "lang/cursor.h"
#include "ruleset/model.h"

namespace xdpctl::lang {

// match.field is set and its words are taken; the rest of the match is read into it. `first` is the match's first
// token. Returns false after reporting an error.
[[nodiscard]] bool parse_match(Cursor& cursor, const Token& first, ruleset::Match& match);

// Whether the next token is something that may follow a match but is not supported there (a concatenation, an
// arithmetic operator, a map); reports it.
[[nodiscard]] bool refuse_continuation(Cursor& cursor);

}  // namespace xdpctl::lang
