// SPDX-License-Identifier: BSD-2-Clause
// The limit statement: `limit rate 10/second burst 5 packets`, `limit rate over 512 kbytes/minute burst 1 mbytes`.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "lang/cursor.h"
#include "ruleset/model.h"

namespace xdpctl::lang {

// Reads it with the word taken. Returns false after an error.
[[nodiscard]] bool parse_limit(Cursor& cursor, ruleset::Limit& limit);

// As nft prints it: with the burst of packets, and with that of bytes when there is one.
[[nodiscard]] std::string format_limit(const ruleset::Limit& limit);

// What is under "limit" in nft's JSON.
[[nodiscard]] nlohmann::json limit_json(const ruleset::Limit& limit);

}  // namespace xdpctl::lang
