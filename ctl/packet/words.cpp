// SPDX-License-Identifier: BSD-2-Clause
#include "packet/words.h"

#include <algorithm>

namespace xdpctl::packet {

std::vector<Word> split(std::string_view text) {
    constexpr std::string_view white = " \t\r\n\v\f";
    std::vector<Word> words;
    std::size_t start = text.find_first_not_of(white);
    while (start != std::string_view::npos) {
        std::size_t end = std::min(text.find_first_of(" \t\r\n\v\f>\"", start + 1), text.size());
        if (text[start] == '>')
            end = start + 1;
        else if (text[start] == '"')
            end = std::min(text.find('"', start + 1), text.size() - 1) + 1;
        words.push_back({start, text.substr(start, end - start)});
        start = text.find_first_not_of(white, end);
    }
    return words;
}

}  // namespace xdpctl::packet
