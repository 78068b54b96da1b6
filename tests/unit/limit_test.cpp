// SPDX-License-Identifier: BSD-2-Clause
#include "lang/limit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "lang/parse.h"
#include "lang/print.h"
#include "ruleset/edit.h"

namespace xdpctl::lang {
namespace {

using ruleset::Limit;
using testing::HasSubstr;

struct Written {
    std::string_view text;
    std::string_view printed;
    std::string_view json;
};

std::string table_with(std::string_view rule) {
    return "table netdev t {\n\tchain c {\n\t\ttype filter hook ingress device \"eth0\" priority 0; policy "
           "accept;\n\t\t" +
           std::string(rule) + "\n\t}\n}\n";
}

class EveryLimit : public testing::TestWithParam<Written> {};

TEST_P(EveryLimit, IsReadAndPrintedAsNftPrintsIt) {
    const auto& [text, printed, expected] = GetParam();
    const auto rule = parse_rule(text, "test");
    ASSERT_TRUE(rule) << rule.error().text();
    ASSERT_NE(rule->limit(), nullptr);
    EXPECT_EQ(print_rule(*rule), printed);
    EXPECT_EQ(limit_json(*rule->limit()), nlohmann::json::parse(expected));
    const auto again = parse_rule(printed, "test");
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_EQ(*again, *rule);
}

TEST_P(EveryLimit, ComesBackFromJson) {
    const auto ruleset = parse_ruleset(table_with(GetParam().text), "test");
    ASSERT_TRUE(ruleset) << ruleset.error().text();
    const auto again = parse_ruleset(ruleset_json(*ruleset).dump(), "test");
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_EQ(again->tables[0].chains[0].rules[0].statements, ruleset->tables[0].chains[0].rules[0].statements);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, EveryLimit,
    testing::Values(
        Written{"limit rate 20/second", "limit rate 20/second burst 5 packets",
                R"({"rate": 20, "burst": 5, "per": "second"})"},
        Written{"limit rate over 400 / minute burst 10 packets drop",
                "limit rate over 400/minute burst 10 packets drop",
                R"({"rate": 400, "burst": 10, "per": "minute", "inv": true})"},
        Written{"tcp dport 22 limit rate 1/hour counter packets 0 bytes 0 accept",
                "tcp dport 22 limit rate 1/hour burst 5 packets counter packets 0 bytes 0 accept",
                R"({"rate": 1, "burst": 5, "per": "hour"})"},
        Written{"limit rate 0x10/day tcp dport 22", "limit rate 16/day burst 5 packets tcp dport 22",
                R"({"rate": 16, "burst": 5, "per": "day"})"},
        Written{"limit rate 1 kbytes / week burst 2 kbytes counter packets 0 bytes 0",
                "limit rate 1 kbytes/week burst 2 kbytes counter packets 0 bytes 0",
                R"({"rate": 1, "burst": 2, "per": "week", "rate_unit": "kbytes", "burst_unit": "kbytes"})"},
        Written{"limit rate 3 kbytes/ day", "limit rate 3 kbytes/day",
                R"({"rate": 3, "burst": 0, "per": "day", "rate_unit": "kbytes", "burst_unit": "bytes"})"},
        Written{"limit rate 1 kbytes/week", "limit rate 1 kbytes/week",
                R"({"rate": 1, "burst": 0, "per": "week", "rate_unit": "kbytes", "burst_unit": "bytes"})"},
        Written{"limit rate 1048576 bytes/second burst 1024 bytes", "limit rate 1 mbytes/second burst 1 kbytes",
                R"({"rate": 1, "burst": 1, "per": "second", "rate_unit": "mbytes", "burst_unit": "kbytes"})"},
        Written{"limit rate over 2048 mbytes/second burst 2048 kbytes",
                "limit rate over 2048 mbytes/second burst 2 mbytes",
                R"({"rate": 2048, "burst": 2, "per": "second", "inv": true, "rate_unit": "mbytes",
                    "burst_unit": "mbytes"})"},
        Written{"limit rate 5 bytes/second burst 0 bytes", "limit rate 5 bytes/second",
                R"({"rate": 5, "burst": 0, "per": "second", "rate_unit": "bytes", "burst_unit": "bytes"})"},
        Written{"limit rate 1 bytes/week burst 15000 bytes", "limit rate 1 bytes/week burst 15000 bytes",
                R"({"rate": 1, "burst": 15000, "per": "week", "rate_unit": "bytes", "burst_unit": "bytes"})"},
        Written{"limit rate 18446744073 bytes/second", "limit rate 18446744073 bytes/second",
                R"({"rate": 18446744073, "burst": 0, "per": "second", "rate_unit": "bytes",
                    "burst_unit": "bytes"})"}));

struct Mistake {
    std::string_view text;
    std::string_view message;
};

class EveryWrongLimit : public testing::TestWithParam<Mistake> {};

TEST_P(EveryWrongLimit, IsRefusedByName) {
    const auto rule = parse_rule(GetParam().text, "test");
    ASSERT_FALSE(rule) << GetParam().text;
    EXPECT_THAT(rule.error().text(), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Texts, EveryWrongLimit,
    testing::Values(
        Mistake{"limit 10/second", "expected 'rate', found '10'"},
        Mistake{"limit name \"x\"", "named limits are not supported yet"}, Mistake{"limit rate 10", "expected '/'"},
        Mistake{"limit rate until 10/second", "expected a number"},
        Mistake{"limit rate 10 kbytes/sec", "expected a unit of time, found 'sec'"},
        Mistake{"limit rate 10/sec", "expected a unit of time, found 'sec'"},
        Mistake{"limit rate 10/5 second", "expected a unit of time, found '5'"},
        Mistake{"limit rate 10 packets/second", "expected '/', 'bytes', 'kbytes' or 'mbytes', found 'packets/second'"},
        Mistake{"limit rate 1 gbytes/second", "expected '/', 'bytes', 'kbytes' or 'mbytes'"},
        Mistake{"limit rate 1023/second burst 10 bytes", "expected 'packets', found 'bytes'"},
        Mistake{"limit rate 5 bytes/second burst 5 packets", "expected 'bytes', 'kbytes' or 'mbytes'"},
        Mistake{"limit rate 5/second burst", "expected a number"},
        Mistake{"limit rate 5/second burst 5", "expected 'packets'"},
        Mistake{"limit rate 5/second burst 0 packets", "the burst of a limit of packets cannot be 0"},
        Mistake{"limit rate 0/second", "the rate of a limit cannot be 0"},
        Mistake{"limit rate 0 bytes/second", "the rate of a limit cannot be 0"},
        Mistake{"limit rate 18446744073709551616/second", "expected a number"},
        Mistake{"limit rate 18446744073709551615/second", "too large"},
        Mistake{"limit rate 18446744074 bytes/second", "too large"}, Mistake{"limit rate 3 mbytes/day", "too large"},
        Mistake{"limit rate 17592186044416 mbytes/second", "the number is larger than 17592186044415"},
        Mistake{"limit rate 1/second burst 4294967296 packets", "the number is larger than 4294967295"},
        Mistake{"limit rate 1/week burst 4294967295 packets", "too large"},
        Mistake{"limit rate 1/week burst 15251 packets", "too large"},
        Mistake{"limit rate 1 bytes/week burst 30500 bytes", "too large"},
        Mistake{"limit rate 10/second limit rate 20/minute accept", "a second limit in a rule is not supported yet"}));

// What is wrong is underlined, and where it is wrong.
TEST(Limit, SaysWhereItIsWrong) {
    const auto rule = parse_rule("tcp dport 22 limit rate over 0 kbytes/second burst 1 mbytes accept", "test");
    ASSERT_FALSE(rule);
    EXPECT_THAT(rule.error().text(), HasSubstr("\n" + std::string(33, ' ') + "^" + std::string(29, '~')));
}

TEST(Limit, CountsInNanosecondsAsNftDoes) {
    const auto limit = [](std::string_view text) { return *parse_rule(text, "test")->limit(); };
    const Limit packets = limit("limit rate 7/minute burst 3 packets");
    EXPECT_EQ(packets.cost(1500), 60'000'000'000U / 7);
    EXPECT_EQ(packets.capacity(), 60'000'000'000U / 7 * 3);
    EXPECT_EQ(packets.bytes_max(), ~0U);
    const Limit bytes = limit("limit rate 1000 bytes/second burst 500 bytes");
    EXPECT_EQ(bytes.cost(100), 100'000'000U);
    EXPECT_EQ(bytes.capacity(), 1'500'000'000U);
    EXPECT_EQ(bytes.bytes_max(), 1500U);
    EXPECT_EQ(limit("limit rate 18446744073 bytes/second").bytes_max(), ~0U);
    EXPECT_EQ(limit("limit rate 2000000000/second").cost(64), 0U);
}

// A rule whose limit changes is another rule.
TEST(Limit, MakesARuleAnotherOneWhenItChanges) {
    const auto running = [] {
        auto ruleset = parse_ruleset(table_with("limit rate 10/second accept\nlimit rate 1/day drop"), "test").value();
        EXPECT_TRUE(ruleset::adopt_handles({}, ruleset));
        return ruleset;
    }();
    auto next =
        parse_ruleset(table_with("limit rate 10/second burst 6 packets accept\nlimit rate 1/day drop"), "test").value();
    ASSERT_TRUE(ruleset::adopt_handles(running, next));
    const auto& before = running.tables[0].chains[0].rules;
    const auto& after = next.tables[0].chains[0].rules;
    EXPECT_NE(after[0].handle, before[0].handle);
    EXPECT_EQ(after[1].handle, before[1].handle);
}

TEST(Limit, IsRefusedByNameInAWrongDocument) {
    const auto parsed = [](std::string_view limit) {
        return parse_ruleset(R"({"nftables": [{"add": {"table": {"family": "netdev", "name": "t"}}},
            {"add": {"chain": {"family": "netdev", "table": "t", "name": "c"}}},
            {"add": {"rule": {"family": "netdev", "table": "t", "chain": "c", "expr": [{"limit": )" +
                                 std::string(limit) + "}]}}}]}",
                             "test");
    };
    const auto good = parsed(R"({"rate": 5, "per": "hour", "burst": 0})");
    ASSERT_TRUE(good) << good.error().text();
    EXPECT_EQ(good->tables[0].chains[0].rules[0].limit()->burst, 5U);
    for (const std::string_view wrong :
         {R"("name")", R"({"rate": 5})", R"({"per": "hour"})", R"({"rate": -5, "per": "hour"})",
          R"({"rate": "5", "per": "hour"})", R"({"rate": 5, "per": "year"})", R"({"rate": 5, "per": "hour", "inv": 1})",
          R"({"rate": 5, "per": "hour", "rate_unit": "gbytes"})",
          R"({"rate": 5, "per": "hour", "rate_unit": "kbytes", "burst": 1, "burst_unit": "packets"})",
          R"({"rate": 5, "per": "hour", "burst": "x"})", R"({"rate": 5, "per": "hour", "other": 1})"})
        EXPECT_FALSE(parsed(wrong)) << wrong;
}

}  // namespace
}  // namespace xdpctl::lang
