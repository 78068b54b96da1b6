// SPDX-License-Identifier: BSD-2-Clause
#include "support/test_data.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace xdpctl::test {

namespace {

Columns split(std::string_view line) {
    Columns out;
    for (std::size_t start = 0; start <= line.size();) {
        const std::size_t end = std::min(line.find('\t', start), line.size());
        out.emplace_back(line.substr(start, end - start));
        start = end + 1;
    }
    return out;
}

}  // namespace

std::string test_data() {
    const char* folder = std::getenv("XDPCTL_TEST_DATA");
    return folder == nullptr ? "" : folder;
}

std::vector<Columns> read_table(const std::string& path) {
    std::ifstream file(path);
    if (!file)
        throw std::runtime_error("cannot read " + path);
    std::vector<Columns> out;
    for (std::string line; std::getline(file, line);)
        if (!line.starts_with('#'))
            out.push_back(split(line));
    return out;
}

}  // namespace xdpctl::test
