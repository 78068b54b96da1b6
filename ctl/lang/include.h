// SPDX-License-Identifier: BSD-2-Clause
// `include "pattern"`: puts the tokens of other files in its place.
#pragma once

#include "lang/cursor.h"
#include "lang/parse.h"

namespace xdpctl::lang {

inline constexpr std::size_t include_depth_max = 16;  // as in nft

class Includer {
public:
    // Without `open` nothing can be included.
    Includer(Cursor& cursor, Sources& sources, const OpenIncluded& open)
        : cursor_(cursor), sources_(sources), open_(open) {}

    // The next word is `include`. Returns false after reporting an error; leaves the newline or semicolon behind it, as
    // what was included comes after that.
    [[nodiscard]] bool parse();

private:
    bool check_path(const Token& pattern, std::string_view name);
    bool add(const Token& pattern, IncludedFile file, std::vector<Token>& tokens);

    Cursor& cursor_;
    Sources& sources_;
    const OpenIncluded& open_;
};

}  // namespace xdpctl::lang
