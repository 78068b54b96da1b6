// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include <set>

#include "ruleset/edit.h"
#include "support/random_ruleset.h"

namespace xdpctl::ruleset {
namespace {

Rule port_rule(Value port, std::string comment = {}, Count start = {}) {
    Rule rule;
    Match match;
    match.field = Field::TcpDport;
    match.values = {{.first = port, .last = port}};
    rule.statements = {std::move(match), Counter{start}, Verdict::Drop};
    rule.comment = std::move(comment);
    return rule;
}

Ruleset with_rules(std::vector<Rule> rules, std::string_view chain_name = "c") {
    Ruleset ruleset;
    Table& table = ruleset.tables.emplace_back();
    table.name = "t";
    Chain& chain = table.chains.emplace_back();
    chain.name = chain_name;
    chain.devices = {"eth0"};
    chain.rules = std::move(rules);
    return ruleset;
}

std::vector<std::uint64_t> handles(const Ruleset& ruleset) {
    std::vector<std::uint64_t> all;
    for (const Rule& rule : ruleset.tables[0].chains[0].rules)
        all.push_back(static_cast<std::uint64_t>(rule.handle));
    return all;
}

// Rules for the ports 1, 2, 3 with the handles 3, 4, 5.
Ruleset running() {
    Ruleset ruleset = with_rules({port_rule(1), port_rule(2), port_rule(3)});
    EXPECT_TRUE(adopt_handles({}, ruleset));
    EXPECT_EQ(handles(ruleset), (std::vector<std::uint64_t>{3, 4, 5}));
    EXPECT_EQ(ruleset.last_handle, Handle{5});
    return ruleset;
}

TEST(Adopt, KeepsEverythingOfTheSameRuleset) {
    Ruleset next = with_rules({port_rule(1), port_rule(2), port_rule(3)});
    ASSERT_TRUE(adopt_handles(running(), next));
    EXPECT_EQ(next, running());
}

TEST(Adopt, GivesNewHandlesToNewRules) {
    Ruleset next = with_rules({port_rule(9), port_rule(1), port_rule(8), port_rule(3), port_rule(7)});
    ASSERT_TRUE(adopt_handles(running(), next));
    EXPECT_EQ(handles(next), (std::vector<std::uint64_t>{6, 3, 7, 5, 8}));
    EXPECT_EQ(next.last_handle, Handle{8});
}

TEST(Adopt, KeepsRulesThatMoved) {
    Ruleset next = with_rules({port_rule(3), port_rule(1), port_rule(2)});
    ASSERT_TRUE(adopt_handles(running(), next));
    EXPECT_EQ(handles(next), (std::vector<std::uint64_t>{5, 3, 4}));
}

TEST(Adopt, ComparesByMeaning) {
    Ruleset next =
        with_rules({port_rule(1, "new comment"), port_rule(2, "", {.packets = 7, .bytes = 8}), port_rule(3)});
    SharedList<Statement>& statements = next.tables[0].chains[0].rules[2].statements;
    statements.set(statements.size() - 1, Verdict::Accept);
    ASSERT_TRUE(adopt_handles(running(), next));
    EXPECT_EQ(handles(next), (std::vector<std::uint64_t>{6, 4, 7}));
}

TEST(Adopt, MatchesEqualRulesInOrder) {
    Ruleset first = with_rules({port_rule(1), port_rule(1), port_rule(1)});
    ASSERT_TRUE(adopt_handles({}, first));
    Ruleset next = with_rules({port_rule(1), port_rule(2), port_rule(1), port_rule(1), port_rule(1)});
    ASSERT_TRUE(adopt_handles(first, next));
    EXPECT_EQ(handles(next), (std::vector<std::uint64_t>{3, 6, 4, 5, 7}));
}

TEST(Adopt, NeverUsesAHandleAgain) {
    Ruleset fewer = with_rules({port_rule(1)});
    ASSERT_TRUE(adopt_handles(running(), fewer));
    EXPECT_EQ(fewer.last_handle, Handle{5});
    Ruleset more = with_rules({port_rule(1), port_rule(3)});
    ASSERT_TRUE(adopt_handles(fewer, more));
    EXPECT_EQ(handles(more), (std::vector<std::uint64_t>{3, 6}));
}

TEST(Adopt, KeepsNothingOfAnotherChain) {
    Ruleset renamed = with_rules({port_rule(1)}, "d");
    ASSERT_TRUE(adopt_handles(running(), renamed));
    EXPECT_EQ(handles(renamed), std::vector<std::uint64_t>{7});
    EXPECT_EQ(renamed.tables[0].handle, Handle{1});
    EXPECT_EQ(renamed.tables[0].chains[0].handle, Handle{6});

    Ruleset other_hook = with_rules({port_rule(1)});
    other_hook.tables[0].chains[0].hook = Hook::Egress;
    ASSERT_TRUE(adopt_handles(running(), other_hook));
    EXPECT_EQ(handles(other_hook), std::vector<std::uint64_t>{7});
}

TEST(Adopt, RefusesAnInvalidRuleset) {
    Ruleset next = with_rules({Rule{}});
    const Ruleset before = next;
    const Status status = adopt_handles(running(), next);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, ErrorKind::Input);
    EXPECT_EQ(next, before);
}

TEST(Adopt, GivesEveryObjectItsOwnHandle) {
    Ruleset ruleset;
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
        Ruleset next = test::RandomRuleset(seed, {.rules = 100}).ruleset();
        ASSERT_TRUE(adopt_handles(ruleset, next));
        std::set<Handle> seen{Handle{}, next.tables[0].handle, next.tables[0].chains[0].handle};
        for (const Rule& rule : next.tables[0].chains[0].rules)
            EXPECT_TRUE(seen.insert(rule.handle).second);
        EXPECT_LE(*seen.rbegin(), next.last_handle);
        ruleset = std::move(next);
    }
}

TEST(Adopt, KeptRulesShareWhatTheySay) {
    Ruleset running = with_rules({port_rule(22, {}, {.packets = 1, .bytes = 60})});
    ASSERT_TRUE(adopt_handles({}, running));
    Ruleset next = with_rules({port_rule(22, {}, {.packets = 5, .bytes = 300}), port_rule(80)});
    ASSERT_TRUE(adopt_handles(running, next));
    const std::vector<Rule>& rules = next.tables[0].chains[0].rules;
    EXPECT_EQ(&rules[0].statements[0], &running.tables[0].chains[0].rules[0].statements[0]);
    EXPECT_EQ(rules[0].counter()->start, (Count{.packets = 5, .bytes = 300}));
}

}  // namespace
}  // namespace xdpctl::ruleset
