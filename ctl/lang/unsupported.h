// SPDX-License-Identifier: BSD-2-Clause
// Words of nft's language that are recognised but cannot be used yet, and what to write instead.
#pragma once

#include <optional>
#include <string_view>

namespace xdpctl::lang {

struct Unsupported {
    std::string_view word;
    std::string_view way_out;
};

// A statement's first word inside a chain: "limit", "jump", "arp", ...
[[nodiscard]] const Unsupported* unsupported_statement(std::string_view word);
// A field of a protocol that has supported fields: ("ip", "dscp"), ("meta", "mark"), ...
[[nodiscard]] const Unsupported* unsupported_field(std::string_view protocol, std::string_view field);
// What stands in a table block beside chains, or in a file beside tables.
[[nodiscard]] const Unsupported* unsupported_object(std::string_view word);

}  // namespace xdpctl::lang
