// SPDX-License-Identifier: BSD-2-Clause
// nft's own rules: what it refuses is refused, what it accepts is accepted or named as not supported yet.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
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

// Where a rule refers to its table, the table is needed to see that it is wrong.
bool is_read_in_a_table(const std::string& rule) {
    const std::string chain = "type filter hook ingress device \"eth0\" priority 0;\n" + rule + "\n";
    return parse_ruleset("table netdev t {\nchain c {\n" + chain + "}\n}\n", "test").has_value();
}

// Words of nft's that are refused by name: statements that are still to come, concatenations, and one interface name.
bool is_known_to_be_missing(const std::string& error) {
    static const std::vector<std::string> missing{"'limit'", "'reject'", "'add'", "concatenations ('.')",
                                                  "a literal '*'"};
    return error.find("not supported yet") != std::string::npos &&
           std::ranges::any_of(missing, [&](const std::string& word) { return error.find(word) != std::string::npos; });
}

TEST(Corpus, LoadsWithEqualMeaningOrIsRefusedByName) {
    const char* data = std::getenv("XDPCTL_TEST_DATA");
    if (data == nullptr)
        GTEST_SKIP() << "XDPCTL_TEST_DATA names no folder with rules/nft-stateless-rules.tsv";
    const std::string path = std::string(data) + "/rules/nft-stateless-rules.tsv";
    std::ifstream file(path);
    ASSERT_TRUE(file) << path;
    std::size_t accepted = 0, statements = 0, other = 0;
    for (std::string line; std::getline(file, line);) {
        const std::vector<std::string> columns = split(line, '\t');
        if (line.starts_with('#') || columns.size() < 4)
            continue;
        const std::string& rule = columns[3];
        if (columns[2] == "fail") {
            EXPECT_FALSE(is_read_in_a_table(rule)) << rule;
            continue;
        }
        const auto parsed = parse_rule(rule, columns[0] + ":" + columns[1]);
        if (!parsed) {
            const std::string& error = parsed.error().what;
            EXPECT_TRUE(is_known_to_be_missing(error)) << error;
            const bool is_statement = error.find("'limit'") != std::string::npos ||
                                      error.find("'reject'") != std::string::npos ||
                                      error.find("'add'") != std::string::npos;
            ++(is_statement ? statements : other);
            continue;
        }
        ++accepted;
        EXPECT_EQ(parse_rule(print_rule(*parsed), "again").value_or(ruleset::Rule{}), *parsed) << rule;
        // What nft lists for it means the same, where it is not the listing of another family or a later version.
        if (columns.size() > 4 && !columns[4].empty() && columns[4] != "ip dscp & 0x3f == lephb") {
            const auto listed = parse_rule(columns[4], "listed");
            ASSERT_TRUE(listed) << listed.error().text();
        }
    }
    fmt::print("{} of nft's rules load; {} have statements and {} expressions that do not yet\n", accepted, statements,
               other);
    EXPECT_GE(accepted * 100, (accepted + other) * 90);
}

}  // namespace
}  // namespace xdpctl::lang
