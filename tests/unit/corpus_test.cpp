// SPDX-License-Identifier: BSD-2-Clause
// nft's own rules: what it refuses is refused, what it accepts is accepted or named as not supported yet.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "lang/parse.h"
#include "lang/print.h"
#include "support/test_data.h"

namespace xdpctl::lang {
namespace {

// Where a rule refers to its table, the table is needed to see that it is wrong.
bool is_read_in_a_table(const std::string& rule) {
    const std::string chain = "type filter hook ingress device \"eth0\" priority 0;\n" + rule + "\n";
    return parse_ruleset("table netdev t {\nchain c {\n" + chain + "}\n}\n", "test").has_value();
}

// What is refused by name: statements that are still to come, and the name of an interface with an asterisk in it.
struct Missing {
    std::string_view error;
    bool is_statement;
};
constexpr Missing missing[] = {
    {"'reject' is not supported yet", true},
    {"'add' is not supported yet", true},
    {"a literal '*' is not supported yet", false},
};

const Missing* find_missing(const std::string& error) {
    const auto* found = std::ranges::find_if(
        missing, [&](const Missing& known) { return error.find(known.error) != std::string::npos; });
    return found == std::end(missing) ? nullptr : found;
}

double percent(std::size_t part, std::size_t all) {
    return 100 * static_cast<double>(part) / static_cast<double>(all);
}

// That they mean the same is compared with nft: NftDifferential.IsNoneInNftsOwnRules.
TEST(Corpus, LoadsOrIsRefusedByName) {
    const std::string data = test::test_data();
    if (data.empty())
        GTEST_SKIP() << "XDPCTL_TEST_DATA names no folder with rules/nft-stateless-rules.tsv";
    std::size_t accepted = 0, statements = 0, expressions = 0, wrong = 0;
    // Columns: file, line, ok or fail, rule, what nft lists for it.
    for (const test::Columns& columns : test::read_table(data + "/rules/nft-stateless-rules.tsv")) {
        const std::string& rule = columns.at(3);
        if (columns[2] == "fail") {
            EXPECT_FALSE(is_read_in_a_table(rule)) << rule;
            ++wrong;
            continue;
        }
        const auto parsed = parse_rule(rule, columns[0] + ":" + columns[1]);
        if (!parsed) {
            const Missing* known = find_missing(parsed.error().what);
            ASSERT_NE(known, nullptr) << parsed.error().what;
            ++(known->is_statement ? statements : expressions);
            continue;
        }
        ++accepted;
        EXPECT_EQ(parse_rule(print_rule(*parsed), "again").value_or(ruleset::Rule{}), *parsed) << rule;
        // nft's listing is read too, where it is not that of a later version.
        if (!columns.at(4).empty() && columns[4] != "ip dscp & 0x3f == lephb") {
            const auto listed = parse_rule(columns[4], "listed");
            ASSERT_TRUE(listed) << listed.error().text();
        }
    }
    fmt::print(
        "{} of nft's {} rules load ({:.1f} %), {:.1f} % of those without reject and add; {} wrong ones are "
        "refused\n",
        accepted, accepted + statements + expressions, percent(accepted, accepted + statements + expressions),
        percent(accepted, accepted + expressions), wrong);
    EXPECT_GE(percent(accepted, accepted + expressions), 99);
    EXPECT_GE(percent(accepted, accepted + statements + expressions), 95);
    EXPECT_GT(wrong, 10U);
}

}  // namespace
}  // namespace xdpctl::lang
