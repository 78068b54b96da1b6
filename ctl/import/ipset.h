// SPDX-License-Identifier: BSD-2-Clause
// `ipset save` to named sets.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "import/conversion.h"

namespace xdpctl::importing {

// What a part of a set's key is compared with.
enum class KeyPart { Address, Protocol, Port, Ether, Mark };

struct ConvertedSets {
    std::vector<std::string> blocks;                   // of a table
    std::map<std::string, std::vector<KeyPart>> keys;  // by the names of the converted sets
    std::map<std::string, bool> is_ipv6;               // of those with addresses
};

// Adds what cannot be converted to the report. Errors: Input when the text is no `ipset save`.
[[nodiscard]] Result<ConvertedSets> convert_sets(std::string_view text, Conversion& conversion);

// A table of sets alone.
[[nodiscard]] Result<Conversion> convert_ipset(std::string_view text, const Place& place);

}  // namespace xdpctl::importing
