// SPDX-License-Identifier: BSD-2-Clause
// Matches of bit flags, which nft writes in more ways than other matches.
#pragma once

#include "lang/cursor.h"
#include "ruleset/model.h"

namespace xdpctl::lang {

// What follows `tcp flags`:
//   syn,ack                    any of them is set
//   ! syn,ack                  none of them is set
//   == syn, != syn, < syn      all eight bits compared
//   & (syn | ack) == syn       some bits compared; also written: syn / syn,ack
//   { syn, syn | ack }         one of these
// Different ways to write one meaning become the same match, the one nft prints. Returns false after an error.
[[nodiscard]] bool parse_flags_match(Cursor& cursor, const ruleset::FieldInfo& field, ruleset::Match& match);

}  // namespace xdpctl::lang
