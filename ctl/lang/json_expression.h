// SPDX-License-Identifier: BSD-2-Clause
// Expressions of libnftables' JSON as text: fields, values, sets, and what operators make of them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string_view>

#include "lang/json_writer.h"

namespace xdpctl::lang {

// These return false after a fault.

[[nodiscard]] bool write_expression(JsonWriter& out, const nlohmann::json& expression);
// The elements of a set or map, without the braces.
[[nodiscard]] bool write_elements(JsonWriter& out, const nlohmann::json& elements);
// What `word` of a statement has behind it: {"drop": null}, {"jump": {"target": "web"}}.
[[nodiscard]] bool write_verdict(JsonWriter& out, std::string_view word, const nlohmann::json& value);
// {"counter": null}, {"counter": {"packets": 1, "bytes": 2}}
[[nodiscard]] bool write_counter(JsonWriter& out, const nlohmann::json& value);

[[nodiscard]] bool is_verdict(std::string_view word);

// Refuses a word: one that stands for something of nft's that is missing here, or one of nobody's.
bool refuse_word(JsonWriter& out, const nlohmann::json& at, std::string_view word, std::string_view what,
                 std::span<const std::string_view> known);

}  // namespace xdpctl::lang
