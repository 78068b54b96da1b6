// SPDX-License-Identifier: BSD-2-Clause
// Which words of a command line name a chain, a place, or a rule.
#include "cli/rule_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lang/parse.h"
#include "lang/print.h"
#include "ruleset/check.h"

namespace xdpctl::cli {
namespace {

using ruleset::ChainName;
using testing::HasSubstr;

std::string describe(const std::optional<ChainName>& chain) {
    return chain ? chain->table + ' ' + chain->chain : "none";
}

std::vector<std::string> words(const std::string& text) {
    std::vector<std::string> out;
    std::istringstream stream(text);
    for (std::string word; stream >> word;)
        out.push_back(word);
    return out;
}

ruleset::Ruleset sample() {
    return lang::parse_ruleset(R"(table netdev xdpctl {
        chain ingress {
            type filter hook ingress device "eth0" priority filter; policy accept;
            drop # handle 4
        }
    })",
                               "sample", true)
        .value();
}

struct Case {
    std::string text;
    std::string chain;
    std::uint64_t position;
    std::string rule;
};

void PrintTo(const Case& value, std::ostream* out) {
    *out << value.text;
}

class NewRuleWords : public testing::TestWithParam<Case> {};

TEST_P(NewRuleWords, AreRead) {
    const auto list = words(GetParam().text);
    const auto read = read_new_rule(list, sample());
    ASSERT_TRUE(read) << read.error().text();
    EXPECT_EQ(describe(read->chain), GetParam().chain);
    EXPECT_EQ(read->position.value_or(Handle{}), Handle{GetParam().position});
    EXPECT_EQ(lang::print_rule(read->rule, {.stateless = true, .count = {}}), GetParam().rule);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, NewRuleWords,
    testing::Values(Case{"tcp dport 22 drop", "none", 0, "tcp dport 22 drop"},
                    Case{"position 4 tcp dport 22 drop", "none", 4, "tcp dport 22 drop"},
                    Case{"handle 4 tcp dport 22 drop", "none", 4, "tcp dport 22 drop"},
                    Case{"xdpctl ingress tcp dport 22 drop", "xdpctl ingress", 0, "tcp dport 22 drop"},
                    Case{"netdev xdpctl ingress tcp dport 22 drop", "xdpctl ingress", 0, "tcp dport 22 drop"},
                    Case{"netdev xdpctl ingress position 4 drop", "xdpctl ingress", 4, "drop"},
                    Case{"counter drop", "none", 0, "counter drop"}));

struct BadCase {
    std::string text;
    ErrorKind kind;
    std::string message;
};

void PrintTo(const BadCase& value, std::ostream* out) {
    *out << value.text;
}

class BadRuleWords : public testing::TestWithParam<BadCase> {};

TEST_P(BadRuleWords, AreRefused) {
    const auto list = words(GetParam().text);
    const auto read = read_new_rule(list, sample());
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, GetParam().kind);
    EXPECT_THAT(read.error().text(), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Forms, BadRuleWords,
    testing::Values(BadCase{"netdev xdpctl", ErrorKind::Usage, "'netdev' must be followed by a table and a chain"},
                    BadCase{"position", ErrorKind::Usage, "must be followed by a rule's handle"},
                    BadCase{"position x drop", ErrorKind::Usage, "'x' is no handle"},
                    BadCase{"position 0 drop", ErrorKind::Usage, "'0' is no handle"},
                    BadCase{"position 99999999999999999999 drop", ErrorKind::Usage, "is no handle"},
                    BadCase{"xdpctl egress drop", ErrorKind::NotFound, "table xdpctl has no chain egress"},
                    BadCase{"udp dprt 22 drop", ErrorKind::Input, "<command line>:1:5"}));

// What makes it safe to take the first word for a table when there is one of that name.
TEST(NewRuleWords, NeverBeginWithATablesName) {
    for (const ruleset::FieldInfo& field : ruleset::fields())
        EXPECT_TRUE(ruleset::name_fault(field.protocol)) << field.protocol;
    for (const char* word : {"iifname", "oifname", "counter", "accept", "drop", "comment", "position", "handle"})
        EXPECT_TRUE(ruleset::name_fault(word)) << word;
}

TEST(OldRuleWords, AreRead) {
    for (const auto& [text, chain] :
         {std::pair{"handle 4", "none"}, std::pair{"xdpctl ingress handle 4", "xdpctl ingress"},
          std::pair{"netdev xdpctl ingress handle 4", "xdpctl ingress"}}) {
        const auto list = words(text);
        const auto read = read_old_rule(list);
        ASSERT_TRUE(read) << text;
        EXPECT_EQ(describe(read->chain), chain);
        EXPECT_EQ(read->handle, Handle{4});
        EXPECT_TRUE(read->rest.empty());
    }
}

TEST(OldRuleWords, LeaveTheNewRule) {
    const auto list = words("handle 4 tcp dport 22 drop");
    const auto read = read_old_rule(list);
    ASSERT_TRUE(read);
    EXPECT_EQ(join(read->rest), "tcp dport 22 drop");
}

TEST(OldRuleWords, NeedAHandle) {
    for (const char* text : {"tcp dport 22 drop", "handle", "handle four", "xdpctl handle 4", "a b c handle 4"}) {
        const auto list = words(text);
        const auto read = read_old_rule(list);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().kind, ErrorKind::Usage);
    }
}

TEST(Join, GivesACommentItsQuotes) {
    const std::vector<std::string> list{"tcp", "dport", "22", "drop", "comment", "no ssh here"};
    EXPECT_EQ(join(list), "tcp dport 22 drop comment \"no ssh here\"");
}

TEST(Join, KeepsQuotesThatAreThere) {
    const std::vector<std::string> list{"drop", "comment", "\"no ssh\""};
    EXPECT_EQ(join(list), "drop comment \"no ssh\"");
    const std::vector<std::string> prefix{"log", "prefix", "\"a b\"", "drop"};
    EXPECT_EQ(join(prefix), "log prefix \"a b\" drop");
}

TEST(Join, GivesAPrefixItsQuotes) {
    const std::vector<std::string> list{"tcp", "dport", "22", "log", "prefix", "ssh: ", "drop"};
    EXPECT_EQ(join(list), "tcp dport 22 log prefix \"ssh: \" drop");
}

TEST(Join, TakesARuleInOneWord) {
    const std::vector<std::string> list{"tcp dport { 22, 80 } drop comment \"x\""};
    EXPECT_EQ(join(list), list.front());
}

TEST(PickChain, IsTheDefaultOfTheHook) {
    EXPECT_EQ(describe(pick_chain(std::nullopt, std::nullopt).value()), "xdpctl ingress");
    EXPECT_EQ(describe(pick_chain(std::nullopt, ruleset::Hook::Egress).value()), "xdpctl egress");
    EXPECT_EQ(describe(pick_chain(ChainName{"a", "b"}, std::nullopt).value()), "a b");
}

TEST(PickChain, TakesAChainOrAHook) {
    const auto picked = pick_chain(ChainName{"a", "b"}, ruleset::Hook::Egress);
    ASSERT_FALSE(picked);
    EXPECT_EQ(picked.error().kind, ErrorKind::Usage);
}

TEST(ChainOf, FindsTheRule) {
    EXPECT_EQ(describe(chain_of(sample(), Handle{4})), "xdpctl ingress");
    EXPECT_EQ(describe(chain_of(sample(), Handle{5})), "none");
}

}  // namespace
}  // namespace xdpctl::cli
