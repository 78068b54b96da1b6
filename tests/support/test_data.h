// SPDX-License-Identifier: BSD-2-Clause
// Captures, rulesets and tables of other projects, in the folder that XDPCTL_TEST_DATA names.
#pragma once

#include <string>
#include <vector>

namespace xdpctl::test {

// Empty when no such folder is named: tests over it are skipped.
[[nodiscard]] std::string test_data();

// The columns of a file's lines, which tabs separate; lines that begin with # are comments. Throws std::runtime_error
// when it cannot be read.
using Columns = std::vector<std::string>;
[[nodiscard]] std::vector<Columns> read_table(const std::string& path);

}  // namespace xdpctl::test
