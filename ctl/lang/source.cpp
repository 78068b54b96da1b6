// SPDX-License-Identifier: BSD-2-Clause
#include "lang/source.h"

#include <fmt/format.h>

#include <algorithm>

namespace xdpctl::lang {
namespace {

constexpr std::size_t shown_max = 160;    // bytes of a long line that are shown
constexpr std::size_t shown_before = 60;  // of them in front of the token

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

// The part of a line that is shown, and where in it the token starts.
struct Window {
    std::string text;
    std::size_t token = 0;
};

Window window(std::string_view line, std::size_t column) {
    std::size_t start = 0;
    if (line.size() > shown_max && column > shown_before)
        start = column - shown_before;
    const bool is_cut = line.size() - start > shown_max;
    Window shown{.text = std::string(line.substr(start, shown_max)), .token = column - start};
    // What a terminal would obey must not reach it.
    std::ranges::replace_if(
        shown.text, [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }, '?');
    if (start > 0) {
        shown.text.insert(0, "...");
        shown.token += 3;
    }
    if (is_cut)
        shown.text += "...";
    return shown;
}

std::string caret_line(const Window& shown, std::size_t length) {
    std::string carets;
    for (std::size_t i = 0; i < shown.token && i < shown.text.size(); ++i)
        if (!is_continuation(shown.text[i]))
            carets += shown.text[i] == '\t' ? '\t' : ' ';
    const std::size_t end = std::min(shown.text.size(), shown.token + length);
    std::size_t underlined = 0;
    for (std::size_t i = shown.token; i < end; ++i)
        underlined += is_continuation(shown.text[i]) ? 0 : 1;
    carets += '^';
    if (underlined > 1)
        carets.append(underlined - 1, '~');
    return carets;
}

}  // namespace

std::string Diagnostic::text(std::string_view severity) const {
    const Window shown = window(line_text, column - 1);
    std::string out = fmt::format("{}:{}:{}: {}: {}\n    {}\n    {}", source, line, column, severity, message,
                                  shown.text, caret_line(shown, length));
    if (!hint.empty())
        out += fmt::format("\n    {}", hint);
    return out;
}

void Source::index_lines() const {
    line_starts_.push_back(0);
    for (std::size_t i = text_.find('\n'); i != std::string_view::npos; i = text_.find('\n', i + 1))
        line_starts_.push_back(static_cast<std::uint32_t>(i + 1));
}

ruleset::SourcePosition Source::position(std::size_t offset) const {
    if (line_starts_.empty())
        index_lines();
    const auto next = std::ranges::upper_bound(line_starts_, offset);
    return {.line = static_cast<std::uint32_t>(next - line_starts_.begin()),
            .column = static_cast<std::uint32_t>(offset - *(next - 1) + 1)};
}

std::size_t Source::offset(std::uint32_t line, std::uint32_t column) const {
    if (line_starts_.empty())
        index_lines();
    return line_starts_[line - 1] + column - 1;
}

std::string_view Source::line_text(std::uint32_t line) const {
    if (line_starts_.empty())
        index_lines();
    const std::string_view rest = text_.substr(line_starts_[line - 1]);
    return rest.substr(0, rest.find('\n'));
}

Sources::Sources(std::string_view name, std::string_view text) {
    texts_.push_back({.base = 0, .included_at = {}, .owned_name = {}, .owned_text = {}, .source = Source(name, text)});
}

// A byte lies between two texts, so that the end of one is not the beginning of the next.
std::size_t Sources::add(std::string name, std::string text, std::size_t at) {
    const std::size_t base = size() + 1;
    Text& added = texts_.emplace_back(Text{.base = base,
                                           .included_at = at,
                                           .owned_name = std::move(name),
                                           .owned_text = std::move(text),
                                           .source = Source({}, {})});
    added.source = Source(added.owned_name, added.owned_text);
    return base;
}

const Sources::Text& Sources::search(std::size_t offset) const {
    return *(std::ranges::upper_bound(texts_, offset, {}, &Text::base) - 1);
}

ruleset::SourcePosition Sources::position(std::size_t offset) const {
    const auto next = std::ranges::upper_bound(texts_, offset, {}, &Text::base);
    ruleset::SourcePosition position = (next - 1)->source.position(offset - (next - 1)->base);
    position.text = static_cast<std::uint32_t>(next - texts_.begin() - 1);
    return position;
}

std::string_view Sources::line_text(ruleset::SourcePosition position) const {
    return texts_[position.text].source.line_text(position.line);
}

std::string_view Sources::name(ruleset::SourcePosition position) const {
    return texts_[position.text].source.name();
}

std::vector<std::string> Sources::names() const {
    std::vector<std::string> names;
    for (const Text& text : texts_)
        names.emplace_back(text.source.name());
    return names;
}

std::vector<std::string_view> Sources::includers(std::size_t offset) const {
    std::vector<std::string_view> names;
    for (std::optional<std::size_t> at = offset; at; at = text_at(*at).included_at)
        names.push_back(text_at(*at).source.name());
    return names;
}

void Diagnostics::add(std::size_t offset, std::size_t length, std::string message, std::string hint) {
    add(sources_.position(offset), std::move(message), std::move(hint), length);
}

void Diagnostics::add(ruleset::SourcePosition position, std::string message, std::string hint, std::size_t length) {
    if (full())
        return;
    found_.push_back({.source = std::string(sources_.name(position)),
                      .line = position.line,
                      .column = position.column,
                      .length = static_cast<std::uint32_t>(length),
                      .line_text = std::string(sources_.line_text(position)),
                      .message = std::move(message),
                      .hint = std::move(hint)});
}

Error Diagnostics::error() const {
    std::string what;
    for (const Diagnostic& diagnostic : found_) {
        if (!what.empty())
            what += '\n';
        what += diagnostic.text();
    }
    if (full())
        what += "\ntoo many errors: the rest is not shown";
    return {.kind = ErrorKind::Input, .what = std::move(what), .cause = {}, .next = {}};
}

}  // namespace xdpctl::lang
