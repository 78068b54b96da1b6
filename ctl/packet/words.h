// SPDX-License-Identifier: BSD-2-Clause
// The words of a description, and where they stand.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace xdpctl::packet {

struct Word {
    std::size_t offset = 0;
    std::string_view text;

    [[nodiscard]] bool is_quoted() const { return text.starts_with('"'); }
};

// Words end at white space; > and anything in quotation marks (which stay) are words of their own.
[[nodiscard]] std::vector<Word> split(std::string_view text);

}  // namespace xdpctl::packet
