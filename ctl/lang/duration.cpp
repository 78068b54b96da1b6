// SPDX-License-Identifier: BSD-2-Clause
#include "lang/duration.h"

#include <fmt/format.h>

#include <charconv>

namespace xdpctl::lang {
namespace {

using std::chrono::milliseconds;

struct Unit {
    std::string_view word;
    std::uint64_t milliseconds;
};
constexpr Unit units[] = {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}};

constexpr std::uint64_t days_max = 36'500;

// Units come from the largest to the smallest, each at most once.
std::optional<milliseconds> read(std::string_view text) {
    std::uint64_t total = 0;
    const Unit* next = std::begin(units);
    while (!text.empty()) {
        std::uint64_t number = 0;
        const auto [rest, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (fault != std::errc{})
            return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
        const std::string_view word = text.substr(0, text.find_first_of("0123456789"));
        while (next != std::end(units) && next->word != word)
            ++next;
        if (next == std::end(units) || number > days_max * units[0].milliseconds / next->milliseconds)
            return std::nullopt;
        total += number * next++->milliseconds;
        text.remove_prefix(word.size());
    }
    if (total > days_max * units[0].milliseconds)
        return std::nullopt;
    return milliseconds(total);
}

}  // namespace

std::optional<milliseconds> parse_duration(Cursor& cursor) {
    constexpr std::string_view example = "write it like 30s, 5m or 1d12h";
    const Token token = cursor.peek();
    if (token.kind != TokenKind::Word && token.kind != TokenKind::Quoted) {
        cursor.expected("a time with its unit", std::string(example));
        return std::nullopt;
    }
    const auto duration = read(cursor.unquoted(token));
    if (!duration) {
        cursor.error(token, fmt::format("'{}' is no time", cursor.unquoted(token).substr(0, 64)), std::string(example));
        return std::nullopt;
    }
    cursor.take();
    return duration;
}

std::string format_duration(milliseconds duration) {
    auto rest = static_cast<std::uint64_t>(duration.count());
    std::string text;
    for (const Unit& unit : units) {
        if (rest >= unit.milliseconds)
            text += fmt::format("{}{}", rest / unit.milliseconds, unit.word);
        rest %= unit.milliseconds;
    }
    return text.empty() ? "0s" : text;
}

}  // namespace xdpctl::lang
