// SPDX-License-Identifier: BSD-2-Clause
// The outer structure of a ruleset of nft, whatever its rules say: tables, what they have, and the statements in it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace xdpctl::importing {

// A statement, or a block with its head: "chain input". White space is single, comments are gone.
struct NftItem {
    std::size_t line = 0;
    std::string text;
    bool is_block = false;
    std::vector<NftItem> body;
};

// Errors: Input when braces or quotes do not close.
[[nodiscard]] Result<std::vector<NftItem>> read_blocks(std::string_view text);

}  // namespace xdpctl::importing
