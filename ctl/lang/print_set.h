// SPDX-License-Identifier: BSD-2-Clause
// Named sets as nft 1.0.6 prints them.
#pragma once

#include <fmt/format.h>

#include <span>
#include <string>
#include <string_view>

#include "lang/print.h"
#include "ruleset/model.h"

namespace xdpctl::lang {

// In a rule: `@name`, or `{ 192.0.2.1 . 22, 198.51.100.0/24 . 80-90 }`.
void print_looked_up(fmt::memory_buffer& out, std::string_view name, std::span<const ruleset::Field> fields,
                     const ruleset::Elements& elements);

// "ip saddr . tcp dport"
[[nodiscard]] std::string format_fields(std::span<const ruleset::Field> fields);

// "accept", "jump web"
[[nodiscard]] std::string format_outcome(const ruleset::Outcome& outcome);

// Everything inside the block.
void print_set_body(fmt::memory_buffer& out, const ruleset::Set& set, const PrintOptions& options);

}  // namespace xdpctl::lang
