// SPDX-License-Identifier: BSD-2-Clause
#include "import/element_list.h"

#include <algorithm>
#include <optional>

namespace xdpctl::importing {

namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string_view take_word(std::string_view& text) {
    text = trimmed(text);
    const std::string_view word = text.substr(0, text.find_first_of(blanks));
    text.remove_prefix(word.size());
    return word;
}

// `add NAME ELEMENT [timeout SECONDS] [comment "TEXT"] ...`: other words of ipset say nothing about membership.
void append_ipset(std::string& out, std::string_view line) {
    take_word(line);  // add
    take_word(line);  // the set's name
    out += take_word(line);
    for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) {
        if (word == "timeout") {
            const std::string_view seconds = take_word(line);
            if (seconds != "0")
                out.append(" timeout ").append(seconds).append("s");
        } else if (word == "comment") {
            line = trimmed(line);
            const std::size_t end = line.starts_with('"') ? line.find('"', 1) : std::string_view::npos;
            const std::string_view text = end == std::string_view::npos ? take_word(line) : line.substr(0, end + 1);
            if (end != std::string_view::npos)
                line.remove_prefix(end + 1);
            out.append(" comment ").append(text);
        } else if (word == "packets" || word == "bytes") {
            take_word(line);
        }
    }
}

// A heading of CSV has no digit where elements have their first.
bool is_heading(std::string_view field) {
    return std::ranges::none_of(field, [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view unquoted(std::string_view field) {
    if (field.size() >= 2 && field.starts_with('"') && field.ends_with('"'))
        return field.substr(1, field.size() - 2);
    return field;
}

void append_line(std::string& out, std::string_view line) {
    line = trimmed(line);
    if (line.starts_with("add ")) {
        append_ipset(out, line);
        out += ',';
        return;
    }
    if (line.starts_with("create ") || line.starts_with("flush ") || line == "COMMIT")
        return;
    const std::string_view field = unquoted(trimmed(line.substr(0, line.find_first_of("#;,"))));
    const bool is_csv = line.find(',') != std::string_view::npos;
    if (field.empty() || (is_csv && is_heading(field)))
        return;
    out += field;
    out += ',';
}

// What nft writes between the first and the last brace that hold elements.
std::optional<std::string> braces(std::string_view list) {
    const std::size_t elements = list.find("elements");
    const std::size_t open = list.find('{', elements == std::string_view::npos ? 0 : elements);
    if (open == std::string_view::npos)
        return std::nullopt;
    const std::size_t close = list.find('}', open);
    const std::string_view inside =
        list.substr(open, close == std::string_view::npos ? std::string_view::npos : close - open + 1);
    std::string out(static_cast<std::size_t>(std::ranges::count(list.substr(0, open), '\n')), '\n');
    return out.append(inside);
}

}  // namespace

std::string elements_text(std::string_view list) {
    if (auto nft = braces(list))
        return *std::move(nft);
    std::string out = "{";
    out.reserve(list.size() + list.size() / 8);
    while (!list.empty()) {
        const std::size_t end = std::min(list.find('\n'), list.size());
        append_line(out, list.substr(0, end));
        list.remove_prefix(std::min(end + 1, list.size()));
        out += '\n';
    }
    return out += '}';
}

}  // namespace xdpctl::importing
