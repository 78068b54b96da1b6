// SPDX-License-Identifier: BSD-2-Clause
// Results of firewall tests, and the forms in which other tools read them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace xdpctl::cli {

struct TestResult {
    std::string file;
    std::uint32_t line = 0;
    std::string group;
    std::string text;     // of the test, as it stands in the file
    std::string failure;  // one line; empty when the test passed
    std::string story;    // of a failed test: what happened instead
    std::chrono::duration<double> time{};

    [[nodiscard]] bool passed() const { return failure.empty(); }
    [[nodiscard]] std::string name() const;  // "administrators: accept tcp ..."
};

// Test Anything Protocol, version 14.
[[nodiscard]] std::string tap(const std::vector<TestResult>& results);

// JUnit's XML: a suite a file, as Jenkins and GitLab read it.
[[nodiscard]] std::string junit(const std::vector<TestResult>& results);
// Errors: those of writing.
[[nodiscard]] Status write_junit(const std::string& path, const std::vector<TestResult>& results);

}  // namespace xdpctl::cli
