// SPDX-License-Identifier: BSD-2-Clause
// Lines of the save formats of iptables and ipset, which both quote as a shell does.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace xdpctl::importing {

// Words of a line; none when a quote is not closed.
[[nodiscard]] std::optional<std::vector<std::string>> split_words(std::string_view line);

// Calls `handle(number, line)` for every line, without its end and without white space around it.
template <typename Handle>
void for_each_line(std::string_view text, Handle handle) {
    std::size_t number = 0;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        const std::size_t first = line.find_first_not_of(" \t\r");
        line = first == std::string_view::npos ? std::string_view() : line.substr(first);
        line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
        handle(++number, line);
    }
}

// Calls `read(number, line)` for every line that is neither empty nor a comment, until it fails.
template <typename Read>
[[nodiscard]] Status read_lines(std::string_view text, Read read) {
    Status status;
    for_each_line(text, [&](std::size_t number, std::string_view line) {
        if (status && !line.empty() && !line.starts_with('#'))
            status = read(number, line);
    });
    return status;
}

}  // namespace xdpctl::importing
