// SPDX-License-Identifier: BSD-2-Clause
// nft's own rules: what it refuses is refused, what it accepts is accepted or named as not supported yet.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "lang/parse.h"
#include "lang/print.h"

namespace xdpctl::lang {
namespace {

std::vector<std::string> split(const std::string& line, char separator) {
    std::vector<std::string> parts;
    for (std::size_t start = 0; start <= line.size();) {
        const std::size_t end = std::min(line.find(separator, start), line.size());
        parts.push_back(line.substr(start, end - start));
        start = end + 1;
    }
    return parts;
}

TEST(Corpus, NeverMeetsAnUnnamedError) {
    const char* data = std::getenv("XDPCTL_TEST_DATA");
    if (data == nullptr)
        GTEST_SKIP() << "XDPCTL_TEST_DATA names no folder with rules/nft-stateless-rules.tsv";
    const std::string path = std::string(data) + "/rules/nft-stateless-rules.tsv";
    std::ifstream file(path);
    ASSERT_TRUE(file) << path;
    std::size_t accepted = 0;
    std::size_t unsupported = 0;
    for (std::string line; std::getline(file, line);) {
        const std::vector<std::string> columns = split(line, '\t');
        if (line.starts_with('#') || columns.size() < 4)
            continue;
        const std::string& rule = columns[3];
        const auto parsed = parse_rule(rule, columns[0] + ":" + columns[1]);
        if (parsed)
            ++accepted;
        if (columns[2] == "fail") {
            EXPECT_FALSE(parsed) << rule;
        } else if (!parsed) {
            ++unsupported;
            EXPECT_NE(parsed.error().what.find("not supported yet"), std::string::npos) << parsed.error().what;
        } else {
            EXPECT_EQ(parse_rule(print_rule(*parsed), "again").value_or(ruleset::Rule{}), *parsed) << rule;
        }
    }
    EXPECT_GT(accepted, 0U);
    RecordProperty("accepted", static_cast<int>(accepted));
    RecordProperty("unsupported", static_cast<int>(unsupported));
}

}  // namespace
}  // namespace xdpctl::lang
