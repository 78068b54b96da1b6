// SPDX-License-Identifier: BSD-2-Clause
#include "lang/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "lang/parse.h"
#include "lang/print.h"

namespace xdpctl::lang {
namespace {

using testing::HasSubstr;

struct Written {
    std::string_view text;
    std::string_view printed;
    std::string_view json;
};

class EveryLog : public testing::TestWithParam<Written> {};

TEST_P(EveryLog, IsReadAndPrintedAsNftPrintsIt) {
    const auto& [text, printed, expected] = GetParam();
    const auto rule = parse_rule(text, "test");
    ASSERT_TRUE(rule) << rule.error().text();
    ASSERT_NE(rule->log(), nullptr);
    EXPECT_EQ(print_rule(*rule), printed);
    EXPECT_EQ(log_json(*rule->log()), nlohmann::json::parse(expected));
    const auto again = parse_rule(printed, "test");
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_EQ(*again, *rule);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, EveryLog,
    testing::Values(Written{"log", "log", "null"}, Written{"log level warn", "log", "null"},
                    Written{"log prefix \"\"", "log", "null"},
                    Written{"log prefix ssh drop", "log prefix \"ssh\" drop", R"({"prefix": "ssh"})"},
                    Written{"tcp dport 22 counter packets 0 bytes 0 log prefix \"a b\" accept",
                            "tcp dport 22 counter packets 0 bytes 0 log prefix \"a b\" accept", R"({"prefix": "a b"})"},
                    Written{"log level debug prefix \"x\"", "log prefix \"x\" level debug",
                            R"({"prefix": "x", "level": "debug"})"},
                    Written{"log snaplen 64 group 0 prefix \"y\"", "log prefix \"y\" group 0 snaplen 64",
                            R"({"prefix": "y", "group": 0, "snaplen": 64})"},
                    Written{"log tcp dport 22 drop", "log tcp dport 22 drop", "null"}));

struct Mistake {
    std::string_view text;
    std::string_view message;
};

class EveryWrongLog : public testing::TestWithParam<Mistake> {};

TEST_P(EveryWrongLog, IsRefusedByName) {
    const auto rule = parse_rule(GetParam().text, "test");
    ASSERT_FALSE(rule) << GetParam().text;
    EXPECT_THAT(rule.error().text(), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Texts, EveryWrongLog,
    testing::Values(Mistake{"log flags all", "'log flags' is not supported"},
                    Mistake{"log group 1 queue-threshold 5", "'log queue-threshold' is not supported"},
                    Mistake{"log level audit", "expected a level, found 'audit'"},
                    Mistake{"log group 65536", "65536 is not a group between 0 and 65535"},
                    Mistake{"log snaplen 4294967296", "is not a snaplen between 0 and 4294967295"},
                    Mistake{"log group 1 level debug", "a log has a level or a group, not both"},
                    Mistake{"log level debug group 1", "a log has a level or a group, not both"},
                    Mistake{"log prefix \"a\" prefix \"b\"", "'prefix' is there twice"},
                    Mistake{"log prefix", "expected the prefix"}, Mistake{"log snaplen x", "expected a number"},
                    Mistake{"log counter log", "a second log in a rule is not supported yet"}));

TEST(Log, HasAPrefixNoLongerThanThatOfNft) {
    EXPECT_TRUE(parse_rule("log prefix \"" + std::string(127, 'a') + "\"", "test"));
    const auto rule = parse_rule("log prefix \"" + std::string(128, 'a') + "\"", "test");
    ASSERT_FALSE(rule);
    EXPECT_THAT(rule.error().text(), HasSubstr("the prefix is longer than 127 bytes"));
}

}  // namespace
}  // namespace xdpctl::lang
