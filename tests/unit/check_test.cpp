// SPDX-License-Identifier: BSD-2-Clause
#include "ruleset/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maps/chain.h"
#include "maps/counter.h"
#include "ruleset/edit.h"
#include "support/random_ruleset.h"

namespace xdpctl::ruleset {
namespace {

using testing::HasSubstr;

std::string first_problem(const Ruleset& ruleset) {
    const Status status = validate(ruleset);
    return status ? "none" : status.error().what;
}

Ruleset with_chain(Chain chain) {
    Ruleset ruleset;
    ruleset.tables.push_back({.name = "t", .comment = {}, .sets = {}, .chains = {}, .handle = {}, .position = {}});
    chain.name = "c";
    ruleset.tables[0].chains.push_back(std::move(chain));
    return ruleset;
}

std::string rule_problem(Statement statement, Hook hook = Hook::Ingress) {
    Rule rule;
    rule.statements.push_back(std::move(statement));
    const auto found = problem(rule, hook);
    return found ? found->what : "none";
}

Match port(Value first, Value last) {
    Match match;
    match.field = Field::TcpDport;
    match.values = {{.first = first, .last = last}};
    return match;
}

TEST(Check, AcceptsWhatCanBeWritten) {
    for (std::uint64_t seed = 0; seed < 20; ++seed)
        EXPECT_EQ(first_problem(test::RandomRuleset(seed).ruleset()), "none");
}

TEST(Check, RefusesNamesThatCannotBeWritten) {
    for (const std::string name : {"", "5t", "a b", "a\"", "table", "tcp", "a\n", ".hidden"}) {
        Ruleset ruleset = with_chain({});
        ruleset.tables[0].name = name;
        EXPECT_NE(first_problem(ruleset), "none") << name;
    }
    EXPECT_TRUE(name_fault(std::string(name_size_max + 1, 'a')));
    EXPECT_FALSE(name_fault(std::string(name_size_max, 'a')));
    EXPECT_FALSE(name_fault("a-b.c/d_5"));
}

TEST(Check, RefusesDevicesThatCannotExist) {
    for (const std::string name : {"", ".", "..", "a b", "a/b", "a:b", "0123456789abcdef", "eth*", "a\"b", "\xff"})
        EXPECT_TRUE(device_fault(name)) << name;
    for (const std::string name : {"eth0", "eth0.5", "0123456789abcde", "wlp2s0-x", "\xc3\xa4"})
        EXPECT_FALSE(device_fault(name)) << name;
}

TEST(Check, RefusesCommentsThatCannotBeWritten) {
    EXPECT_TRUE(comment_fault("a\"b"));
    EXPECT_TRUE(comment_fault("a\nb"));
    EXPECT_TRUE(
        comment_fault("a\xc2\x9b"
                      "31mb"));
    EXPECT_FALSE(comment_fault("\xc2\xa0"));
    EXPECT_TRUE(comment_fault("\xed\xa0\x80"));
    EXPECT_TRUE(comment_fault("\xc0\x80"));
    EXPECT_TRUE(comment_fault(std::string(comment_size_max + 1, 'a')));
    EXPECT_FALSE(comment_fault("\xf0\x9f\x90\xa7 # ; {"));
}

TEST(Check, RefusesTwoChainsOfADevice) {
    Chain first;
    first.devices = {"eth0"};
    Ruleset ruleset = with_chain(first);
    Chain second = ruleset.tables[0].chains[0];
    second.name = "d";
    second.hook = Hook::Egress;
    ruleset.tables[0].chains.push_back(second);
    EXPECT_EQ(first_problem(ruleset), "none");
    ruleset.tables[0].chains[1].hook = Hook::Ingress;
    EXPECT_EQ(first_problem(ruleset), "device eth0 has two chains on hook ingress: c and d");
    ruleset.tables[0].chains[1].devices = {"eth1", "eth1"};
    EXPECT_EQ(first_problem(ruleset), "chain t d names device eth1 twice");
    ruleset.tables[0].chains[1].name = "c";
    EXPECT_EQ(first_problem(ruleset), "chain t c is there twice");
    ruleset.tables.push_back(ruleset.tables[0]);
    EXPECT_THAT(problems(ruleset).back().what, HasSubstr("device"));
}

TEST(Check, KnowsTheLimits) {
    Chain chain;
    for (int i = 0; i < XDPCTL_DEVICES_MAX; ++i)
        chain.devices.push_back("eth" + std::to_string(i));
    EXPECT_EQ(first_problem(with_chain(chain)), "none");
    chain.devices.emplace_back("one-more");
    EXPECT_EQ(validate(with_chain(chain)).error().kind, ErrorKind::Limit);
}

TEST(Check, RefusesStatementsOutOfOrder) {
    Rule rule;
    EXPECT_EQ(problem(rule, Hook::Ingress)->what, "a rule needs a statement");
    rule.statements = {Verdict::Drop, Counter{}};
    EXPECT_EQ(problem(rule, Hook::Ingress)->what, "nothing can follow a verdict");
    rule.statements = {Counter{}, Counter{}};
    EXPECT_EQ(problem(rule, Hook::Ingress)->what, "a rule has one counter");
}

TEST(Check, BoundsRawPayload) {
    Match match;
    match.field = Field::Raw;
    match.values = {{.first = 1, .last = 1}};
    const auto problem_of = [&](std::uint32_t offset, std::uint32_t length) {
        match.payload = {.base = RawPayload::Base::Network, .offset = offset, .length = length};
        return rule_problem(match);
    };
    EXPECT_EQ(problem_of(0, 1), "none");
    EXPECT_EQ(problem_of(0, 128), "none");
    EXPECT_EQ(problem_of(raw_payload_offset_max, 8), "none");
    EXPECT_THAT(problem_of(0, 0), HasSubstr("at least one bit"));
    EXPECT_THAT(problem_of(raw_payload_offset_max + 1, 8), HasSubstr("begins within"));
    EXPECT_THAT(problem_of(1, 128), HasSubstr("at most 128 bits"));
    match.values = {{.first = 4, .last = 4}};
    EXPECT_THAT(problem_of(6, 2), HasSubstr("out of range"));
}

TEST(Check, RefusesValuesOutOfRange) {
    EXPECT_EQ(rule_problem(port(0, 65535)), "none");
    EXPECT_THAT(rule_problem(port(0, 65536)), HasSubstr("out of range"));
    EXPECT_THAT(rule_problem(port(5, 4)), HasSubstr("out of range"));
    Match match = port(1, 5);
    match.relation = Relation::Less;
    EXPECT_THAT(rule_problem(match), HasSubstr("compares one value"));
    match = port(1, 5);
    match.is_set = true;
    EXPECT_THAT(rule_problem(match), HasSubstr("two or more"));
    match.values.push_back({.first = 5, .last = 9});
    EXPECT_THAT(rule_problem(match), HasSubstr("overlap"));
    match.values[1].first = 6;
    EXPECT_EQ(rule_problem(match), "none");
    match.mask = 0xff;
    EXPECT_EQ(rule_problem(match), "none");
    match.mask = 0x10000;
    EXPECT_THAT(rule_problem(match), HasSubstr("no such bits"));
    match.mask = 0xff;
    match.ones = 0x80;
    EXPECT_THAT(rule_problem(match), HasSubstr("no such bits"));
    match = port(1, 1);
    match.names = {"eth0"};
    EXPECT_THAT(rule_problem(match), HasSubstr("names"));
}

TEST(Check, RefusesInterfacesThatTheHookDoesNotKnow) {
    Match match;
    match.field = Field::MetaIifname;
    match.names = {"eth*"};
    EXPECT_EQ(rule_problem(match, Hook::Ingress), "none");
    EXPECT_EQ(rule_problem(match, Hook::Egress), "iifname is not known on the egress hook");
    match.field = Field::MetaOifname;
    EXPECT_EQ(rule_problem(match, Hook::Ingress), "oifname is not known on the ingress hook");
    EXPECT_EQ(rule_problem(match, Hook::Egress), "none");
    match.relation = Relation::Less;
    EXPECT_NE(rule_problem(match, Hook::Egress), "none");
    match.relation = Relation::Equal;
    match.names = {"b", "a"};
    match.is_set = true;
    EXPECT_THAT(rule_problem(match, Hook::Egress), HasSubstr("not sorted"));
}

}  // namespace
}  // namespace xdpctl::ruleset
