// SPDX-License-Identifier: BSD-2-Clause
#include "cli/test_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>

namespace xdpctl::cli {

namespace {

std::string escaped_xml(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        default:
            // XML has no way to write most control characters.
            out += (c >= 0 && c < 0x20 && c != '\n' && c != '\t') ? '?' : c;
        }
    }
    return out;
}

// In a TAP description # would begin a directive.
std::string escaped_tap(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '#' || c == '\\')
            out += '\\';
        out += c;
    }
    return out;
}

std::string indented(std::string_view text, std::string_view indent) {
    std::string out;
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        out += fmt::format("{}{}\n", indent, text.substr(start, end - start));
        start = end + 1;
    }
    return out;
}

std::string suite(std::string_view file, const std::vector<TestResult>& results) {
    std::string cases;
    std::size_t tests = 0;
    std::size_t failures = 0;
    std::chrono::duration<double> time{};
    for (const TestResult& result : results) {
        if (result.file != file)
            continue;
        ++tests;
        time += result.time;
        const std::string attributes =
            fmt::format("classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{}\" time=\"{:.6f}\"", escaped_xml(file),
                        escaped_xml(result.name()), escaped_xml(file), result.line, result.time.count());
        if (result.passed()) {
            cases += fmt::format("    <testcase {}/>\n", attributes);
            continue;
        }
        ++failures;
        cases += fmt::format("    <testcase {}>\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n",
                             attributes, escaped_xml(result.failure), escaped_xml(result.story));
    }
    return fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" time=\"{:.6f}\">\n{}"
        "  </testsuite>\n",
        escaped_xml(file), tests, failures, time.count(), cases);
}

}  // namespace

std::string TestResult::name() const {
    return group.empty() ? text : fmt::format("{}: {}", group, text);
}

std::string tap(const std::vector<TestResult>& results) {
    std::string out = fmt::format("TAP version 14\n1..{}\n", results.size());
    std::size_t number = 0;
    for (const TestResult& result : results) {
        out += fmt::format("{} {} - {}:{} {}\n", result.passed() ? "ok" : "not ok", ++number, result.file, result.line,
                           escaped_tap(result.name()));
        if (!result.passed())
            out += fmt::format("  ---\n  message: |\n{}  story: |\n{}  ...\n", indented(result.failure, "    "),
                               indented(result.story, "    "));
    }
    return out;
}

std::string junit(const std::vector<TestResult>& results) {
    std::vector<std::string> files;
    for (const TestResult& result : results)
        if (std::ranges::find(files, result.file) == files.end())
            files.push_back(result.file);
    std::string suites;
    for (const std::string& file : files)
        suites += suite(file, results);
    const auto failures = std::ranges::count(results, false, &TestResult::passed);
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuites name=\"xdpctl test\" tests=\"{}\" failures=\"{}\">\n{}</testsuites>\n",
        results.size(), failures, suites);
}

Status write_junit(const std::string& path, const std::vector<TestResult>& results) {
    errno = 0;
    std::ofstream file(path, std::ios::binary);
    file << junit(results);
    file.close();
    if (!file)
        return fail_errno(errno != 0 ? errno : EIO, fmt::format("cannot write {}", path));
    return {};
}

}  // namespace xdpctl::cli
