// SPDX-License-Identifier: BSD-2-Clause
#include "base/suggest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace xdpctl {
namespace {

constexpr std::size_t word_max = 32;  // longer words are no typing errors of ours

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same(char a, char b) {
    return lower(a) == lower(b);
}

// Edits (insert, remove, replace, swap neighbours) between two words of at most word_max letters: Damerau-Levenshtein
// distance in its restricted form, three rows at a time. Upper and lower case are the same.
std::size_t distance(std::string_view a, std::string_view b) {
    std::array<std::array<std::size_t, word_max + 1>, 3> rows{};
    for (std::size_t j = 0; j <= b.size(); ++j)
        rows[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        const auto& above = rows[(i - 1) % 3];
        auto& row = rows[i % 3];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same(a[i - 1], b[j - 1]) ? 0U : 1U)});
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
                row[j] = std::min(row[j], rows[(i - 2) % 3][j - 2] + 1);
        }
    }
    return rows[a.size() % 3][b.size()];
}

}  // namespace

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
    if (word.size() > word_max)
        return {};
    std::string_view nearest;
    std::size_t least = word.size() <= 3 ? 2 : 3;  // one edit in a short word, two in a longer one
    for (const std::string_view candidate : candidates) {
        if (candidate.size() > word_max)
            continue;
        const std::size_t edits = distance(word, candidate);
        if (edits < least && edits < candidate.size()) {
            least = edits;
            nearest = candidate;
        }
    }
    return nearest.empty() ? std::string{} : fmt::format("did you mean '{}'?", nearest);
}

}  // namespace xdpctl
