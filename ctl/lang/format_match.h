// SPDX-License-Identifier: BSD-2-Clause
// How nft 1.0.6 writes a match: which form it chooses is decided here once, for text and JSON.
#pragma once

#include <fmt/format.h>

#include <string>

#include "ruleset/model.h"

namespace xdpctl::lang {

// The forms of a match. Those of flags have names of their own, because nft prints them in their own ways.
enum class MatchForm {
    Plain,        // tcp dport 22, tcp dport != { 22, 80 }, ip saddr < 192.0.2.1
    Masked,       // ip ttl & 1 == 1, meta mark & 0x000000ff | 0x00000100 == 0x00000105
    FlagsAny,     // tcp flags syn,ack
    FlagsNone,    // tcp flags ! syn,ack
    FlagsUnder,   // tcp flags syn / syn,ack
    FlagsMasked,  // tcp flags & (syn | ack) == { syn, ack }
};

[[nodiscard]] MatchForm match_form(const ruleset::Match& match);

[[nodiscard]] std::string format_match(const ruleset::Match& match);
void format_match(const ruleset::Match& match, fmt::memory_buffer& out);

// One element of a set, where nft prints combined flags by their names and elsewhere as a number.
[[nodiscard]] std::string format_element(const ruleset::FieldInfo& field, const ruleset::Interval& interval);
[[nodiscard]] std::string format_payload(const ruleset::RawPayload& payload);     // "@nh,96,32"
[[nodiscard]] std::string_view payload_base(const ruleset::RawPayload& payload);  // "nh"

[[nodiscard]] std::string_view operator_sign(ruleset::Relation relation);  // "==", "<=", ...

}  // namespace xdpctl::lang
