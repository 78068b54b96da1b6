// SPDX-License-Identifier: BSD-2-Clause
// Aligned columns of text.
#pragma once

#include <string>
#include <vector>

namespace xdpctl::stats {

class Table {
public:
    enum class Align { Left, Right };
    struct Column {
        std::string title;
        Align align = Align::Left;
    };

    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
    // REQUIRES: as many cells as columns.
    void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    [[nodiscard]] bool empty() const { return rows_.empty(); }
    // The titles, then a line per row; no spaces at line ends. Every line ends with a newline.
    [[nodiscard]] std::string text() const;

private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace xdpctl::stats
