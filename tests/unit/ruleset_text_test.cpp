// SPDX-License-Identifier: BSD-2-Clause
// Files: layouts that nft accepts, and random rulesets to text and back.
#include <gtest/gtest.h>

#include "lang/parse.h"
#include "lang/print.h"
#include "support/random_ruleset.h"

namespace xdpctl::lang {
namespace {

using ruleset::Ruleset;
using ruleset::Verdict;

Ruleset parsed(std::string_view text) {
    Result<Ruleset> ruleset = parse_ruleset(text, "test");
    EXPECT_TRUE(ruleset) << ruleset.error().text();
    return ruleset.value_or(Ruleset{});
}

const Ruleset& expected() {
    static const Ruleset ruleset = parsed(R"(table netdev t {
	chain c {
		type filter hook ingress device "eth0" priority filter; policy drop;
		tcp dport 22 accept
		drop
	}
}
)");
    return ruleset;
}

class EveryLayout : public testing::TestWithParam<std::string_view> {};

TEST_P(EveryLayout, MeansTheSame) {
    EXPECT_EQ(parsed(GetParam()), expected());
}

INSTANTIATE_TEST_SUITE_P(
    Files, EveryLayout,
    testing::Values(
        "table netdev t { chain c { type filter hook ingress device eth0 priority 0; policy drop; tcp dport 22 accept; "
        "drop; }; }",
        "#!/usr/sbin/nft -f\n\nflush ruleset\n\ntable netdev t {\n# one\nchain c { # two\ntype filter hook ingress "
        "device eth0 priority 0;\npolicy drop\n\n\ntcp dport 22 accept # three\n;;drop;\n}\n\n}\n\n",
        "flush ruleset; table netdev t { }; table netdev t { chain c { policy drop; type filter hook ingress device "
        "\"eth0\" priority filter - 0; }; }\ntable netdev t { chain c { tcp dport 22 accept; drop; }; };",
        "table netdev t\ntable netdev t {\nchain c {\ntype filter hook ingress devices = { \"eth0\" } priority 0x0; "
        "policy drop;\ntcp dport 22 accept;\n}\nchain c {\ntype filter hook ingress device eth0 priority filter; "
        "drop\n}\n}",
        "table \\\n netdev t {\n\tchain c {\n\t\ttype filter hook ingress \\\n device eth0 priority filter + 0\n "
        "policy "
        "drop\n tcp \\\n dport 22 accept # handle 7\n drop # handle 8\n # handle 9\n }\n}\n"));

TEST(RulesetText, IsEmptyForAnEmptyFile) {
    EXPECT_EQ(parsed(""), Ruleset{});
    EXPECT_EQ(parsed("flush ruleset\n"), Ruleset{});
    EXPECT_EQ(parsed("# nothing\n\n;"), Ruleset{});
}

TEST(RulesetText, KnowsWhereRulesStand) {
    const Ruleset ruleset = parsed(
        "table netdev t {\n chain c {\n  type filter hook egress device eth0 priority 0;\n\n"
        "  accept; drop\n }\n}\n");
    const auto& rules = ruleset.tables[0].chains[0].rules;
    EXPECT_EQ(rules[0].position.line, 5U);
    EXPECT_EQ(rules[0].position.column, 3U);
    EXPECT_EQ(rules[1].position.column, 11U);
}

TEST(RulesetText, ChecksTheWholeRuleset) {
    std::string text = "table netdev t {\nchain c {\ntype filter hook ingress devices = { eth0";
    for (int i = 1; i < 65; ++i)
        text += ", eth" + std::to_string(i);
    const auto ruleset = parse_ruleset(text + " } priority 0;\n}\n}\n", "test");
    ASSERT_FALSE(ruleset);
    EXPECT_NE(ruleset.error().text().find("test:2:7: error: chain t c has 65 devices, at most 64 are possible"),
              std::string::npos)
        << ruleset.error().text();
}

class RandomText : public testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomText, ComesBackAsItWas) {
    for (const ruleset::Hook hook : {ruleset::Hook::Ingress, ruleset::Hook::Egress}) {
        test::RandomRuleset random(GetParam(), {.rules = 200, .hook = hook, .devices = {"eth0", "eth1"}});
        const Ruleset ruleset = random.ruleset();
        const std::string text = print_ruleset(ruleset);
        const auto again = parse_ruleset(text, "test");
        ASSERT_TRUE(again) << again.error().text();
        EXPECT_EQ(*again, ruleset) << text;
        EXPECT_EQ(print_ruleset(*again), text);
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomText, testing::Range(std::uint64_t{0}, std::uint64_t{50}));

// Whatever the bytes, the parser says what is wrong and comes back.
TEST(RulesetText, SurvivesDamage) {
    test::RandomRuleset random(1, {.rules = 20});
    const std::string text = print_ruleset(random.ruleset());
    std::mt19937_64 noise(1);
    for (int round = 0; round < 3000; ++round) {
        std::string damaged = text;
        for (std::size_t edits = 1 + noise() % 4; edits > 0 && !damaged.empty(); --edits) {
            const std::size_t at = noise() % damaged.size();
            switch (noise() % 4) {
            case 0:
                damaged[at] = static_cast<char>(noise());
                break;
            case 1:
                damaged.erase(at, 1 + noise() % 8);
                break;
            case 2:
                damaged.insert(at, damaged.substr(noise() % damaged.size(), noise() % 32));
                break;
            default:
                damaged.resize(at + 1);
            }
        }
        const auto ruleset = parse_ruleset(damaged, "test");
        if (ruleset)
            EXPECT_EQ(parse_ruleset(print_ruleset(*ruleset), "again").value_or(Ruleset{}), *ruleset);
        else
            EXPECT_NE(ruleset.error().what.find("test:"), std::string::npos);
    }
}

}  // namespace
}  // namespace xdpctl::lang
