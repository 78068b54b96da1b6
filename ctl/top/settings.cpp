// SPDX-License-Identifier: BSD-2-Clause
#include "top/settings.h"

#include <algorithm>
#include <array>

namespace xdpctl::top {

namespace {

using Kind = Key::Kind;

constexpr std::size_t filter_max = 64;

constexpr std::array sorts{Sort::Packets, Sort::Bytes, Sort::Total, Sort::Handle};

Page next(Page page, bool has_talkers) {
    switch (page) {
    case Page::Rules:
        return Page::Reasons;
    case Page::Reasons:
        return has_talkers ? Page::Talkers : Page::Rules;
    case Page::Talkers:
        break;
    }
    return Page::Rules;
}

Sort next(Sort sort) {
    const auto* found = std::ranges::find(sorts, sort);
    return found + 1 == sorts.end() ? sorts.front() : found[1];
}

void type(Settings& settings, const Key& key) {
    switch (key.kind) {
    case Kind::Character:
        if (settings.typing->size() < filter_max)
            *settings.typing += key.character;
        break;
    case Kind::Backspace:
        if (!settings.typing->empty())
            settings.typing->pop_back();
        break;
    case Kind::Enter:
        settings.filter = *settings.typing;
        settings.typing.reset();
        settings.scroll = 0;
        break;
    case Kind::Escape:
        settings.typing.reset();
        break;
    default:
        break;
    }
}

void scroll(Settings& settings, const Key& key, std::size_t page_rows) {
    const std::size_t step =
        key.kind == Kind::PageUp || key.kind == Kind::PageDown ? std::max<std::size_t>(page_rows, 1) : 1;
    if (key.kind == Kind::Up || key.kind == Kind::PageUp)
        settings.scroll -= std::min(settings.scroll, step);
    else if (key.kind == Kind::Home)
        settings.scroll = 0;
    else
        settings.scroll += step;
}

Reaction command(Settings& settings, char character) {
    switch (character) {
    case 'q':
        return Reaction::Quit;
    case 'p':
    case ' ':
        settings.paused = !settings.paused;
        break;
    case 's':
        settings.sort = next(settings.sort);
        settings.scroll = 0;
        break;
    case 'r':
        settings.reversed = !settings.reversed;
        settings.scroll = 0;
        break;
    case 'v':
        settings.page = next(settings.page, settings.has_talkers);
        settings.scroll = 0;
        break;
    case '/':
        settings.typing = settings.filter;
        break;
    case 'h':
    case '?':
        settings.help = true;
        break;
    default:
        break;
    }
    return Reaction::Redraw;
}

}  // namespace

std::string_view name(Sort sort) {
    switch (sort) {
    case Sort::Packets:
        return "packets";
    case Sort::Bytes:
        return "bytes";
    case Sort::Total:
        return "total";
    case Sort::Handle:
        return "handle";
    }
    return "unknown";
}

std::optional<Sort> sort_by_name(std::string_view word) {
    const auto* found = std::ranges::find(sorts, word, [](Sort sort) { return name(sort); });
    return found == sorts.end() ? std::nullopt : std::optional(*found);
}

Reaction press(Settings& settings, const Key& key, std::size_t page_rows) {
    if (settings.typing) {
        type(settings, key);
        return Reaction::Redraw;
    }
    if (settings.help && !(key == Key{Kind::Character, 'q'})) {
        settings.help = false;
        return Reaction::Redraw;
    }
    if (key.kind == Kind::Character)
        return command(settings, key.character);
    if (key.kind == Kind::Escape)
        settings.filter.clear();
    else if (key.kind != Kind::Enter && key.kind != Kind::Backspace)
        scroll(settings, key, page_rows);
    return Reaction::Redraw;
}

}  // namespace xdpctl::top
