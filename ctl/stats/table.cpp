// SPDX-License-Identifier: BSD-2-Clause
#include "stats/table.h"

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
        std::size_t end = out.size();  // of the line without spaces
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::size_t padding = widths[i] - row[i].size();
            out.append(i > 0 ? 2 : 0, ' ');
            if (columns_[i].align == Align::Right)
                out.append(padding, ' ');
            out += row[i];
            if (!row[i].empty())
                end = out.size();
            if (columns_[i].align == Align::Left)
                out.append(padding, ' ');
        }
        out.resize(end);
        out += '\n';
    };
    append(titles);
    std::ranges::for_each(rows_, append);
    return out;
}

}  // namespace xdpctl::stats
