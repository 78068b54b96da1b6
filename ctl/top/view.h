// SPDX-License-Identifier: BSD-2-Clause
// What is on the screen: a pure function of what was counted, the settings and the size.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "stats/snapshot.h"
#include "top/history.h"
#include "top/settings.h"

namespace xdpctl::top {

struct Canvas {
    std::size_t rows = 24;
    std::size_t columns = 80;
    bool unicode = true;  // block elements for sparklines
    bool keys = true;     // the last line names them
};

struct View {
    std::string text;           // complete lines, none longer than the canvas
    std::size_t page_rows = 0;  // how many rows the page has room for
};

// Brings settings.scroll back to where there are rows.
[[nodiscard]] View draw(const stats::Snapshot& snapshot, const History& history, Settings& settings,
                        const Canvas& canvas);

// The rules that the filter leaves, sorted.
[[nodiscard]] std::vector<stats::RuleStats> select_rules(const stats::Snapshot& snapshot, const Settings& settings);

// Likewise senders; by handle they are in the order of their addresses.
[[nodiscard]] std::vector<stats::TalkerStats> select_talkers(const stats::Snapshot& snapshot, const Settings& settings);

// "0", "17", "1.5", "12.3k", "4.56M": four digits at most.
[[nodiscard]] std::string scaled(double number);
// The last `width` values over the highest of them.
[[nodiscard]] std::string sparkline(std::span<const double> values, std::size_t width, bool unicode);
// At most so many columns, without anything that would move the cursor.
[[nodiscard]] std::string fitted(std::string_view text, std::size_t columns);

}  // namespace xdpctl::top
