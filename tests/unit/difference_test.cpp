// SPDX-License-Identifier: BSD-2-Clause
// What a ruleset changes against another.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "lang/parse.h"
#include "plan/difference.h"
#include "ruleset/edit.h"

namespace xdpctl::plan {
namespace {

using ruleset::Ruleset;

std::string chain(const std::string& rules, const std::string& head = "hook ingress device \"eth0\" priority filter;",
                  const std::string& name = "c") {
    return "table netdev t {\nchain " + name + " {\ntype filter " + head + "\n" + rules + "\n}\n}\n";
}

Ruleset parsed(const std::string& text, const Ruleset& running = {}) {
    auto ruleset = lang::parse_ruleset(text, "test");
    EXPECT_TRUE(ruleset) << ruleset.error().text();
    EXPECT_TRUE(ruleset::adopt_handles(running, *ruleset));
    return *std::move(ruleset);
}

std::string text(const RuleChange& change) {
    const char* sign = change.kind == RuleChange::Kind::Added     ? "+"
                       : change.kind == RuleChange::Kind::Removed ? "-"
                                                                  : ">";
    return sign + std::to_string(change.before) + "," + std::to_string(change.after);
}

// Of the only chain: "+0,1 -1,0 >3,1".
std::string changes(const std::string& before_rules, const std::string& after_rules) {
    const Ruleset before = parsed(chain(before_rules));
    const Ruleset after = parsed(chain(after_rules), before);
    const auto all = difference(before, after);
    EXPECT_EQ(all.size(), 1U);
    std::string out;
    for (const RuleChange& change : all.front().rules)
        out += (out.empty() ? "" : " ") + text(change);
    return out;
}

TEST(Difference, ComparesByMeaning) {
    EXPECT_EQ(changes("tcp dport 22 counter packets 5 bytes 9 drop", "tcp dport ssh counter drop"), "");
    EXPECT_EQ(changes("tcp dport 22 drop", "tcp dport 22 accept"), "-1,0 +0,1");
}

TEST(Difference, TellsWhereRulesCameAndWent) {
    const std::string a = "tcp dport 1 drop\n";
    const std::string b = "tcp dport 2 drop\n";
    const std::string c = "tcp dport 3 drop\n";
    const std::string d = "tcp dport 4 drop\n";
    EXPECT_EQ(changes(a + b, a + c + b), "+0,2");
    EXPECT_EQ(changes(a + b + c, a + c), "-2,0");
    EXPECT_EQ(changes(a + b + c + d, d + a + b + c), ">4,1");
    EXPECT_EQ(changes(a + b + c + d, b + c + d + a), ">1,4");
    EXPECT_EQ(changes(a + a, a), "-2,0");
    EXPECT_EQ(changes("", a), "+0,1");
    EXPECT_EQ(changes(a, ""), "-1,0");
}

TEST(Difference, NoticesWhatBelongsToTheChain) {
    const Ruleset before = parsed(chain("", "hook ingress devices = { eth0, eth1 } priority filter; policy accept;"));
    const Ruleset other = parsed(chain("", "hook ingress devices = { eth1, eth2 } priority 5; policy drop;"), before);
    const auto changed = difference(before, other);
    ASSERT_EQ(changed.size(), 1U);
    EXPECT_FALSE(changed[0].empty());
    EXPECT_TRUE(changed[0].policy_changes());
    EXPECT_TRUE(changed[0].priority_changes());
    EXPECT_EQ(changed[0].devices_added, std::vector<std::string>{"eth2"});
    EXPECT_EQ(changed[0].devices_removed, std::vector<std::string>{"eth0"});
    EXPECT_TRUE(difference(before, before).front().empty());

    const Ruleset turned = parsed(chain("drop", "hook egress device \"eth0\" priority filter;"), before);
    const auto replaced = difference(before, turned);
    ASSERT_EQ(replaced.size(), 2U);
    EXPECT_EQ(replaced[0].after, nullptr);
    EXPECT_EQ(replaced[1].before, nullptr);
    EXPECT_EQ(replaced[1].rules.size(), 1U);

    const Ruleset moved = parsed(chain("", "hook ingress device \"eth9\" priority filter;", "d"), before);
    const auto renamed = difference(before, moved);
    ASSERT_EQ(renamed.size(), 2U);
    EXPECT_EQ(renamed[0].chain().name, "d");
    EXPECT_EQ(renamed[1].chain().name, "c");
    EXPECT_EQ(renamed[1].after, nullptr);
}

TEST(Difference, CountsElementsOfNamedSets) {
    const auto with_sets = [](const std::string& sets) { return "table netdev t {\n" + sets + "}\n"; };
    const auto set = [](const std::string& name, const std::string& elements) {
        return "set " + name + " {\ntype ipv4_addr\nflags interval\nelements = { " + elements + " }\n}\n";
    };
    const Ruleset before = parsed(with_sets(set("a", "192.0.2.1, 192.0.2.4/30") + set("b", "192.0.2.1")));
    EXPECT_TRUE(set_difference(before, before).empty());
    const Ruleset after =
        parsed(with_sets(set("a", "192.0.2.1, 192.0.2.4/31, 192.0.2.9") + set("c", "192.0.2.1, 192.0.2.3")), before);
    const auto found = set_difference(before, after);
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0].set().name, "a");
    EXPECT_EQ(found[0].elements_added, 2U);
    EXPECT_EQ(found[0].elements_removed, 1U);
    EXPECT_EQ(found[1].before, nullptr);
    EXPECT_EQ(found[1].elements_added, 2U);
    EXPECT_EQ(found[2].after, nullptr);
    EXPECT_EQ(found[2].elements_removed, 1U);
}

// Taking the removed rules out, the moved ones to their places and the added ones in gives the next chain.
TEST(Difference, LeadsFromOneChainToTheOther) {
    std::mt19937 random(7);
    const auto random_rules = [&] {
        std::vector<int> ports(30);
        std::iota(ports.begin(), ports.end(), 1);
        std::ranges::shuffle(ports, random);
        ports.resize(random() % 20);
        std::string out;
        for (const int port : ports)
            out += "tcp dport " + std::to_string(port) + " drop\n";
        return out;
    };
    for (int round = 0; round < 200; ++round) {
        const Ruleset before = parsed(chain(random_rules()));
        const Ruleset after = parsed(chain(random_rules()), before);
        const ChainDifference changed = difference(before, after).front();
        std::vector<const ruleset::Rule*> rules;
        for (const ruleset::Rule& rule : before.tables[0].chains[0].rules) {
            const bool stays = std::ranges::none_of(changed.rules, [&](const RuleChange& change) {
                return change.before != 0 && &before.tables[0].chains[0].rules[change.before - 1] == &rule;
            });
            if (stays)
                rules.push_back(&rule);
        }
        for (const RuleChange& change : changed.rules)
            if (change.after != 0)
                rules.insert(rules.begin() + static_cast<std::ptrdiff_t>(change.after) - 1, change.rule);
        const auto& expected = after.tables[0].chains[0].rules;
        ASSERT_EQ(rules.size(), expected.size());
        for (std::size_t i = 0; i < rules.size(); ++i)
            ASSERT_EQ(*rules[i], expected[i]);
    }
}

}  // namespace
}  // namespace xdpctl::plan
