// SPDX-License-Identifier: BSD-2-Clause
// How the view looks, and how keys change that.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "top/keys.h"

namespace xdpctl::top {

enum class Sort { Packets, Bytes, Total, Handle };
enum class Page { Rules, Reasons, Talkers };

struct Settings {
    Sort sort = Sort::Packets;
    bool reversed = false;
    Page page = Page::Rules;
    std::string filter;                 // only what contains it
    std::optional<std::string> typing;  // a filter that is being typed
    std::size_t scroll = 0;             // rows of the page that are above the first one shown
    bool paused = false;
    bool help = false;
    bool has_talkers = false;  // their page can be shown
};

[[nodiscard]] std::string_view name(Sort sort);  // "packets"
[[nodiscard]] std::optional<Sort> sort_by_name(std::string_view name);

enum class Reaction { Redraw, Quit };

// `page_rows`: how many rows a page has.
[[nodiscard]] Reaction press(Settings& settings, const Key& key, std::size_t page_rows);

}  // namespace xdpctl::top
