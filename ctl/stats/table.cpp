// SPDX-License-Identifier: BSD-2-Clause
#include "stats/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace xdpctl::stats {

std::string Table::text() const {
    std::vector<std::string> titles;
    std::vector<std::size_t> widths;
    for (const Column& column : columns_) {
        titles.push_back(column.title);
        widths.push_back(column.title.size());
    }
    for (const auto& row : rows_)
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], row[i].size());

    std::string out;
    const auto append = [&](const std::vector<std::string>& row) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (i > 0)
                line += "  ";
            line += columns_[i].align == Align::Left ? fmt::format("{:<{}}", row[i], widths[i])
                                                     : fmt::format("{:>{}}", row[i], widths[i]);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + '\n';
    };
    append(titles);
    std::ranges::for_each(rows_, append);
    return out;
}

}  // namespace xdpctl::stats
