// SPDX-License-Identifier: BSD-2-Clause
// The log statement: `log prefix "ssh: " group 3 snaplen 64`, `log level debug`.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "lang/cursor.h"
#include "ruleset/model.h"

namespace xdpctl::lang {

// Reads it with the word taken. Returns false after an error.
[[nodiscard]] bool parse_log(Cursor& cursor, ruleset::Log& log);

// As nft prints it.
[[nodiscard]] std::string format_log(const ruleset::Log& log);

// What is under "log" in nft's JSON: null when it has no options.
[[nodiscard]] nlohmann::json log_json(const ruleset::Log& log);

[[nodiscard]] std::string_view level_name(ruleset::LogLevel level);  // "warn"

}  // namespace xdpctl::lang
