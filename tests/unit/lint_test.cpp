// SPDX-License-Identifier: BSD-2-Clause
// Findings about chains: known ones by hand, all of them against brute force on one field, and none that a packet of
// the reference evaluator contradicts.
#include "lint/lint.h"
#include "lint/box_index.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "lang/parse.h"
#include "lang/print.h"
#include "support/classbench.h"
#include "support/evaluator.h"
#include "support/random_chain.h"
#include "support/random_frame.h"
#include "support/rule_mix.h"

namespace xdpctl::lint {
namespace {

using ruleset::Hook;

ruleset::Chain chain_of(const std::string& rules, const std::string& hook = "ingress") {
    const auto parsed = lang::parse_ruleset("table netdev t {\nchain c {\ntype filter hook " + hook +
                                                " devices = { eth0, eth1 } priority filter;\n" + rules + "\n}\n}\n",
                                            "test");
    EXPECT_TRUE(parsed) << parsed.error().text();
    return parsed ? parsed->tables.front().chains.front() : ruleset::Chain{};
}

std::string_view word(Kind kind) {
    switch (kind) {
    case Kind::NeverMatches:
        return "never";
    case Kind::Duplicate:
        return "duplicate";
    case Kind::Redundant:
        return "redundant";
    case Kind::Shadowed:
        return "shadowed";
    }
    return {};
}

// "2 shadowed by 1; 4 never", counted from 1.
std::string findings(const std::string& rules, const std::string& hook = "ingress") {
    const std::vector<std::string> devices{"eth0", "eth1"};
    const ruleset::Chain chain = chain_of(rules, hook);
    std::string out;
    for (const Finding& finding : lint(chain, devices).findings) {
        out += (out.empty() ? "" : "; ") + std::to_string(finding.rule + 1) + " " + std::string(word(finding.kind));
        for (const std::size_t cover : finding.covers)
            out += (cover == finding.covers.front() ? " by " : ",") + std::to_string(cover + 1);
    }
    return out;
}

TEST(Lint, FindsCoveredRules) {
    EXPECT_EQ(findings("ip saddr 192.0.2.0/24 drop\nip saddr 192.0.2.7 tcp dport 22 accept"), "2 shadowed by 1");
    EXPECT_EQ(findings("ip saddr 192.0.2.0/24 drop\nip saddr 192.0.2.7 drop"), "2 redundant by 1");
    EXPECT_EQ(findings("tcp dport 22 drop comment \"a\"\ntcp dport ssh counter drop"), "2 redundant by 1");
    EXPECT_EQ(findings("tcp dport 22 counter drop comment \"a\"\ntcp dport ssh counter drop"), "2 duplicate by 1");
    EXPECT_EQ(findings("accept\ntcp dport 22 drop\ncounter"), "2 shadowed by 1; 3 shadowed by 1");
    EXPECT_EQ(findings("tcp dport != 22 accept\ntcp dport 80-90 drop"), "2 shadowed by 1");
    EXPECT_EQ(findings("tcp flags syn accept\ntcp flags & (syn | ack) == syn drop"), "2 shadowed by 1");
    EXPECT_EQ(findings("vlan id 5 accept\nvlan id 5 ip saddr 192.0.2.1 drop"), "2 shadowed by 1");
}

// Of the chain `c`, with others beside it.
std::string findings_among(const std::string& rules, const std::string& others) {
    const auto parsed = lang::parse_ruleset("table netdev t {\n" + others +
                                                " chain c { type filter hook ingress device \"eth0\" priority 0;\n" +
                                                rules + "\n}\n}\n",
                                            "test");
    EXPECT_TRUE(parsed) << parsed.error().text();
    if (!parsed)
        return {};
    const ruleset::Table& table = parsed->tables.front();
    std::string out;
    for (const Finding& finding : lint(*table.find_chain("c"), std::vector<std::string>{"eth0"}, &table).findings)
        out += fmt::format("{} {};", finding.rule + 1, word(finding.kind));
    return out;
}

TEST(Lint, FindsWhatNoJumpComesBackTo) {
    constexpr const char* after = "\ntcp dport 22 accept";
    const auto of = [&](const char* chain, const char* rule = "jump x") {
        return findings_among(std::string(rule) + after, std::string("chain x {\n") + chain + "\n}\n");
    };
    EXPECT_EQ(of("drop"), "2 shadowed;");
    EXPECT_EQ(of("tcp dport 22 accept\ncounter\ndrop"), "2 shadowed;");
    EXPECT_EQ(of("drop", "tcp dport 1-100 jump x"), "2 shadowed;");
    EXPECT_EQ(of("drop", "udp dport 1-100 jump x"), "");
    EXPECT_EQ(of("tcp dport 22 drop"), "") << "for all that the chain decides: only what is certain is said";
    EXPECT_EQ(of("udp dport 5 return\ndrop"), "");
    EXPECT_EQ(of("udp dport vmap { 5 : return }\ndrop"), "");
    EXPECT_EQ(of("return\ndrop"), "");
    EXPECT_EQ(of("counter", "goto x"), "2 shadowed;") << "whatever the chain does, packets do not come back from it";
    EXPECT_EQ(of("", "return"), "2 shadowed;");
    EXPECT_EQ(of("", "continue"), "");
    const std::string far = "chain z { drop\n}\nchain y { counter\n}\n";
    EXPECT_EQ(findings_among(std::string("jump x") + after, far + "chain x { jump y\njump z\n}\n"), "2 shadowed;");
    EXPECT_EQ(findings_among(std::string("jump x") + after, far + "chain x { goto z\n}\n"), "2 shadowed;");
    EXPECT_EQ(findings_among(std::string("jump x") + after, far + "chain x { goto y\n}\n"), "");
    EXPECT_EQ(findings_among(std::string("jump x") + after, far + "chain x { udp dport 5 goto y\ndrop\n}\n"), "");
}

TEST(Lint, TakesALimitForNeitherAllNorNothing) {
    EXPECT_EQ(findings("limit rate 10/second drop\ntcp dport 22 accept"), "");
    EXPECT_EQ(findings("limit rate over 10/second drop\ntcp dport 22 accept\ntcp dport 22 drop"), "3 shadowed by 2");
    EXPECT_EQ(findings("tcp dport 22 drop\ntcp dport 22 limit rate 1/day accept"), "2 shadowed by 1");
    EXPECT_EQ(findings("tcp dport 22 drop\nlimit rate 1/day tcp dport 22 accept"), "") << "it takes from its bucket";
    EXPECT_EQ(findings_among("jump x\ntcp dport 22 accept", "chain x {\nlimit rate 1/day drop\n}\n"), "");
    EXPECT_EQ(findings_among("limit rate 1/day jump x\ntcp dport 22 accept", "chain x {\ndrop\n}\n"), "");
    EXPECT_EQ(findings_among("limit rate 1/day goto x\ntcp dport 22 accept", "chain x {\ndrop\n}\n"), "");
}

// "1:0 2:1 alone": rule and statement, from 0.
std::string impossible(const std::string& rules, const std::string& hook = "ingress") {
    const std::vector<std::string> devices{"eth0", "eth1"};
    std::string out;
    for (const Impossible& found : impossible_rules(chain_of(rules, hook), devices))
        out += (out.empty() ? "" : " ") + std::to_string(found.rule) + ":" + std::to_string(found.statement) +
               (found.alone ? " alone" : "");
    return out;
}

TEST(Lint, FindsTheMatchThatNoPacketComesPast) {
    EXPECT_EQ(impossible("tcp dport 1 drop\ntcp dport 1 tcp dport 2 drop"), "1:1");
    EXPECT_EQ(impossible("ip saddr 192.0.2.0/24 counter ip saddr 198.51.100.1 drop"), "0:2");
    EXPECT_EQ(impossible("tcp dport 22 ip ttl 5 tcp dport != 22 accept"), "0:2");
    EXPECT_EQ(impossible("ip6 hoplimit 1 meta protocol ip drop\nudp dport 53 meta l4proto tcp"), "0:1 1:1");
    EXPECT_EQ(impossible("iifname \"eth7\" drop\niifname { \"eth0\", \"eth7\" } drop"), "0:0 alone");
    EXPECT_EQ(impossible("oifname \"eth7\" drop", "egress"), "0:0 alone");
    EXPECT_EQ(impossible("tcp flags & (syn | ack) == syn tcp flags & ack == ack drop"), "0:1");
    EXPECT_EQ(impossible("tcp dport 1-5 tcp dport 5-9 drop\nip saddr != 192.0.2.1 ip saddr 192.0.2.0/31 drop"), "");
    EXPECT_EQ(impossible("vlan id 5 vlan id 6 drop"), "0:1");
    EXPECT_EQ(impossible("vlan id 5 vlan type 8021q vlan id 6 drop"), "") << "two tags";
    EXPECT_EQ(impossible("meta random 1 meta random 2 drop"), "") << "asked twice";
}

TEST(Lint, KnowsWhatHeadersImply) {
    EXPECT_EQ(findings("meta l4proto tcp accept\ntcp dport 22 drop"), "2 shadowed by 1");
    EXPECT_EQ(findings("ether type { ip, vlan, 8021ad } accept\nip saddr 192.0.2.1 drop"), "2 shadowed by 1");
    EXPECT_EQ(findings("ether type ip accept\nip saddr 192.0.2.1 drop"), "") << "a tagged packet comes further";
    EXPECT_EQ(findings("ip protocol tcp accept\ntcp dport 22 drop"), "") << "TCP goes over IPv6 too";
    EXPECT_EQ(findings("meta protocol ip accept\nip ttl 1 drop"), "2 shadowed by 1");
    EXPECT_EQ(findings("arp operation request accept\narp saddr ip 192.0.2.1 arp operation request drop"),
              "2 shadowed by 1");
    EXPECT_EQ(findings("udp dport 53 meta l4proto dccp drop"), "1 never");
}

TEST(Lint, AddsUpSeveralRules) {
    EXPECT_EQ(findings("tcp dport 0-99 accept\ntcp dport 200-300 drop\ntcp dport 100-199 drop\ntcp dport 50-250 drop"),
              "4 shadowed by 1,2,3");
    EXPECT_EQ(findings("tcp dport 0-99 accept\ntcp dport 101-300 drop\ntcp dport 50-250 drop"), "");
    EXPECT_EQ(findings("ip saddr 0.0.0.0/1 drop\nip saddr 128.0.0.0/1 drop\nip daddr 192.0.2.1 drop"),
              "3 redundant by 1,2");
    // Two boxes that cover a third only together, corner by corner.
    EXPECT_EQ(findings("tcp sport < 1024 accept\ntcp dport < 1024 accept\ntcp sport >= 1024 tcp dport >= 1024 drop\n"
                       "tcp flags syn drop"),
              "4 shadowed by 1,2,3");
}

TEST(Lint, FindsRulesThatNeverMatch) {
    EXPECT_EQ(findings("tcp dport 22 tcp dport 23 drop"), "1 never");
    EXPECT_EQ(findings("tcp dport > 1000 tcp dport < 900 drop"), "1 never");
    EXPECT_EQ(findings("iifname \"eth7\" drop"), "1 never");
    EXPECT_EQ(findings("oifname \"eth7*\" drop", "egress"), "1 never");
    EXPECT_EQ(findings("iifname \"eth*\" drop"), "");
    EXPECT_EQ(findings("tcp flags & (syn | ack) == syn tcp flags ack drop"), "1 never");
    EXPECT_EQ(findings("ip6 nexthdr & 115 | 83 > 83 drop"), "") << "bits that are always set are part of the value";
    EXPECT_EQ(findings("ip6 nexthdr & 115 | 83 < 83 drop"), "1 never");
}

TEST(Lint, LeavesNamedSetsOpen) {
    const auto parsed = lang::parse_ruleset(
        "table netdev t {\n"
        "set bad {\ntype ipv4_addr\nelements = { 192.0.2.1 }\n}\n"
        "chain c {\ntype filter hook ingress device \"eth0\" priority filter;\n"
        "ip saddr @bad drop\n"
        "ip saddr 192.0.2.1 drop\n"         // the element may be deleted
        "ip daddr @bad drop\n"              // another field
        "ip saddr != @bad accept\n"         // another relation
        "ip saddr @bad tcp dport 1 drop\n"  // covered by the first
        "}\n}\n",
        "test");
    ASSERT_TRUE(parsed) << parsed.error().text();
    const ruleset::Table& table = parsed->tables.front();
    const Report report = lint(table.chains.front(), table.chains.front().devices);
    ASSERT_EQ(report.findings.size(), 1U);
    EXPECT_EQ(report.findings[0].rule, 4U);
    EXPECT_EQ(report.findings[0].covers, std::vector<std::size_t>{0});
}

TEST(Lint, LooksAtJumps) {
    const auto parsed = lang::parse_ruleset(
        "table netdev t {\n"
        "map used {\ntype inet_service : verdict\nelements = { 1 : jump by_map }\n}\n"
        "chain base {\ntype filter hook ingress device \"eth0\" priority filter;\n"
        "tcp dport vmap @used\n"
        "tcp dport 22 jump direct\n"
        "tcp dport 22 drop\n"  // packets come back from the jump
        "tcp dport 22 accept\n}\n"
        "chain by_map {\naccept\n}\n"
        "chain direct {\niifname \"eth0\" tcp dport 1 return\ndrop\n}\n}\n",
        "test");
    ASSERT_TRUE(parsed) << parsed.error().text();
    const ruleset::Table& table = parsed->tables.front();
    const Report base = lint(table.chains[0], table.chains[0].devices);
    ASSERT_EQ(base.findings.size(), 1U);
    EXPECT_EQ(base.findings[0].rule, 3U);
    EXPECT_TRUE(lint(table.chains[2], table.chains[0].devices).findings.empty());
}

TEST(Lint, IsSilentAboutGoodChains) {
    EXPECT_EQ(findings(""), "");
    EXPECT_EQ(findings("counter\ncounter\ntcp dport 22 accept\nudp dport 22 accept\nip saddr 192.0.2.0/25 drop\n"
                       "ip saddr 192.0.2.0/24 accept\nip6 saddr 2001:db8::/32 drop\ndrop"),
              "");
    EXPECT_EQ(findings("tcp dport 22 counter\ntcp dport 22 drop"), "") << "a rule without a verdict covers nothing";
}

// A counter or log in front of a match does something for packets that the rule does not hold for.
TEST(Lint, SparesRulesThatCountOnTheWay) {
    EXPECT_EQ(findings("tcp dport 22 drop\nip saddr 192.0.2.1 counter tcp dport 22 drop"), "");
    EXPECT_EQ(findings("tcp dport 22 drop\nip saddr 192.0.2.1 tcp dport 22 counter drop"), "2 redundant by 1");
    EXPECT_EQ(findings("tcp dport 22 log tcp dport 23 drop\ntcp dport 23 drop"), "");
}

TEST(Lint, KnowsWhatIsNotTheSameWhenAskedAgain) {
    EXPECT_EQ(findings("meta random < 0x80000000 drop\nmeta random < 0x80000000 drop"), "");
    EXPECT_EQ(findings("meta random < 0x80000000 drop\nmeta random >= 0x80000000 drop\ndrop"), "");
    EXPECT_EQ(findings("meta random < 100 meta random > 100 drop"), "") << "two numbers are drawn";
    EXPECT_EQ(findings("drop\nmeta random < 100 drop"), "2 redundant by 1");
    EXPECT_EQ(findings("meta mark 1 drop\nmeta mark 1 tcp dport 1 drop"), "2 redundant by 1");
}

// Raw payload may lie behind the end of a packet.
TEST(Lint, KnowsThatPayloadCanBeMissing) {
    EXPECT_EQ(findings("@th,64,16 < 5 drop\n@th,64,16 >= 5 drop\ntcp dport 22 accept"), "");
    EXPECT_EQ(findings("@th,64,16 < 5 drop\n@th,64,16 >= 5 drop\n@th,64,16 != 7 accept"), "3 shadowed by 1,2");
    EXPECT_EQ(findings("@th,0,16 5 drop\nth sport 5 drop"), "2 redundant by 1");
    EXPECT_EQ(findings("ip ttl < 5 drop\nip ttl >= 5 drop\nip id 7 accept"), "3 shadowed by 1,2");
}

// All rules over one field: what is found is exactly what no value reaches.
TEST(Lint, IsCompleteOnOneField) {
    std::mt19937 random(3);
    for (int round = 0; round < 100; ++round) {
        std::string rules;
        const std::size_t number = 1 + random() % 8;
        for (std::size_t i = 0; i < number; ++i) {
            const auto first = static_cast<unsigned>(random() % 12);
            rules += "icmp type " + std::string(random() % 4 == 0 ? "!= " : "") + std::to_string(first) + "-" +
                     std::to_string(first + 1 + random() % 4) + (random() % 4 == 0 ? "\n" : " drop\n");
            if (rules.ends_with("\n") && !rules.ends_with("drop\n"))
                rules.insert(rules.size() - 1, " counter");
        }
        const ruleset::Chain chain = chain_of(rules);
        std::set<std::size_t> reached;
        for (unsigned type = 0; type < 256; ++type) {
            test::Fields fields;
            fields.values[ruleset::Field::IcmpType] = type;
            const test::Evaluation evaluation = test::evaluate(chain, fields, "eth0");
            reached.insert(evaluation.counted.begin(), evaluation.counted.end());
            if (evaluation.rule)
                reached.insert(*evaluation.rule);
        }
        std::set<std::size_t> silent;
        for (const Finding& finding : lint(chain, chain.devices).findings)
            silent.insert(finding.rule);
        for (std::size_t rule = 0; rule < chain.rules.size(); ++rule)
            EXPECT_NE(reached.contains(rule), silent.contains(rule)) << rule + 1 << " of\n" << rules;
    }
}

bool touches(const test::Evaluation& evaluation, std::size_t rule) {
    const auto has = [&](const std::vector<std::size_t>& rules) {
        return std::ranges::find(rules, rule) != rules.end();
    };
    return evaluation.rule == rule || has(evaluation.counted) || has(evaluation.logged);
}

// No packet does anything in a rule that was found: of those aimed at all rules, and of those aimed at this one, which
// hit it when it stands alone unless it never matches. Returns how often they did.
std::size_t expect_no_false_alarm(const ruleset::Chain& chain, const Report& report, std::mt19937& random, int frames) {
    std::size_t hits = 0;
    ruleset::Chain alone = chain;
    for (const Finding& finding : report.findings) {
        alone.rules = {chain.rules[finding.rule]};
        for (int i = 0; i < frames; ++i) {
            const test::Bytes frame = test::random_frame(random, random() % 4 == 0 ? chain : alone);
            const std::string& device = chain.devices[random() % chain.devices.size()];
            const test::Fields fields = test::parse_frame(frame, chain.hook);
            const bool is_hit = touches(test::evaluate(alone, fields, device), 0);
            EXPECT_FALSE(is_hit && finding.kind == Kind::NeverMatches);
            EXPECT_FALSE(touches(test::evaluate(chain, fields, device), finding.rule))
                << "rule " << finding.rule + 1 << " of\n"
                << lang::print_chain(chain);
            if (testing::Test::HasFailure())
                return hits;
            hits += is_hit ? 1 : 0;
        }
    }
    return hits;
}

std::size_t expect_no_false_alarm(const ruleset::Chain& chain, std::mt19937& random, int frames) {
    return expect_no_false_alarm(chain, lint(chain, chain.devices), random, frames);
}

TEST(Lint, RaisesNoFalseAlarm) {
    std::mt19937 random(20261126);
    std::size_t hits = 0;
    for (int round = 0; round < 60; ++round) {
        const ruleset::Chain chain =
            test::random_chain(random, round % 2 == 0 ? Hook::Ingress : Hook::Egress, 1 + random() % 30,
                               round % 3 == 0 ? test::MatchedFields::OfPacket : test::MatchedFields::OfFrame);
        hits += expect_no_false_alarm(chain, random, 20);
    }
    EXPECT_GT(hits, 10U);
}

TEST(Lint, RaisesNoFalseAlarmOnMixedRules) {
    test::Random seeds(5);
    std::mt19937 random(5);
    std::size_t hits = 0;
    for (int round = 0; round < 10; ++round) {
        ruleset::Chain chain = test::mixed_chain({.rules = 60, .wildcard = 0.5, .pool = 4}, seeds);
        chain.devices = {"eth0", "eth1"};
        hits += expect_no_false_alarm(chain, random, 20);
    }
    EXPECT_GT(hits, 100U);
}

// Refers neither to sets nor to chains.
bool stands_alone(const ruleset::Statement& statement) {
    const auto* lookup = std::get_if<ruleset::Lookup>(&statement);
    const bool refers = lookup != nullptr ? !lookup->set.empty()
                                          : std::holds_alternative<ruleset::VerdictMap>(statement) ||
                                                std::holds_alternative<ruleset::Branch>(statement);
    return !refers;
}

TEST(Lint, RaisesNoFalseAlarmOnNftsOwnRules) {
    const std::string data = test::test_data();
    if (data.empty())
        GTEST_SKIP() << "XDPCTL_TEST_DATA names no folder with rules/nft-stateless-rules.tsv";
    ruleset::Chain chain = chain_of("");
    for (const test::Columns& columns : test::read_table(data + "/rules/nft-stateless-rules.tsv")) {
        if (columns.at(2) != "ok")
            continue;
        auto rule = lang::parse_rule(columns[3], "corpus");
        if (!rule || !std::ranges::all_of(rule->statements, stands_alone))
            continue;
        // Each with a verdict, so that it can cover others.
        if (!rule->verdict())
            rule->statements.emplace_back(ruleset::Verdict::Drop);
        chain.rules.push_back(*std::move(rule));
    }
    ASSERT_GT(chain.rules.size(), 50U);
    std::mt19937 random(9);
    EXPECT_GT(expect_no_false_alarm(chain, random, 50), 0U);
}

// Finding what overlaps by an index is finding it one by one.
TEST(BoxIndex, FindsWhatIsNotDisjoint) {
    test::Random seeds(7);
    for (int round = 0; round < 5; ++round) {
        const ruleset::Chain chain = test::mixed_chain({.rules = 200, .wildcard = 0.3, .pool = 20}, seeds);
        Axes axes;
        std::vector<Box> boxes;
        for (const ruleset::Rule& rule : chain.rules)
            boxes.push_back(matched_box(rule, chain.devices, axes));
        const BoxIndex index(boxes);
        for (std::size_t box = 0; box < boxes.size(); ++box) {
            std::vector<std::size_t> expected;
            for (std::size_t other = 0; other < box; ++other)
                if (!boxes[other].is_empty && !boxes[other].is_disjoint(boxes[box]))
                    expected.push_back(other);
            std::vector<std::size_t> found;
            std::uint64_t work = 1'000'000;
            ASSERT_TRUE(index.find(boxes[box], box, work, found));
            EXPECT_EQ(found, expected);
            std::uint64_t none = 0;
            found.clear();
            EXPECT_TRUE(expected.empty() || !index.find(boxes[box], box, none, found));
        }
    }
}

// A rule that earlier ones cover in many pieces, and one that a single value is left of.
TEST(Lint, AddsUpManyRules) {
    std::string rules;
    for (unsigned port = 0; port < 65536; port += 512)
        rules += "tcp dport " + std::to_string(port) + "-" + std::to_string(port + 511) + " drop\n";
    for (unsigned net = 0; net < 256; ++net)
        if (net != 77)
            rules += "ip saddr " + std::to_string(net) + ".0.0.0/8 udp dport 0-32767 drop\n";
    const ruleset::Chain chain = chain_of(rules +
                                          "ip saddr 192.0.2.0/24 tcp dport 5-60000 accept\n"
                                          "tcp sport 1 accept\n"
                                          "udp dport 53 accept\n"
                                          "ip saddr 77.0.0.0/8 udp dport 53 accept\n"
                                          "ip saddr 78.0.0.0-80.0.0.0 udp dport 53 accept\n");
    const Report report = lint(chain, chain.devices);
    EXPECT_TRUE(report.undecided.empty());
    std::vector<std::size_t> found;
    for (const Finding& finding : report.findings)
        found.push_back(finding.rule - 128 - 255);
    EXPECT_EQ(found, (std::vector<std::size_t>{0, 1, 3, 4}));
    EXPECT_EQ(report.findings[0].covers.size(), 118U) << "only those that take a part";
}

class Files : public testing::TestWithParam<const char*> {};

TEST_P(Files, HaveNoFalseAlarm) {
    const std::string data = test::test_data();
    if (data.empty())
        GTEST_SKIP() << "XDPCTL_TEST_DATA names no folder with classbench/";
    for (const test::Family family : {test::Family::Ipv4, test::Family::Ipv6}) {
        const bool is_large = std::string_view(GetParam()).ends_with("_10k");
        if (is_large && family == test::Family::Ipv6)
            continue;
        auto chain = test::load_classbench(data + "/classbench/" + GetParam() + ".gz", family, 10'000);
        ASSERT_TRUE(chain) << chain.error().text();
        chain->devices = {"eth0"};
        const Report report = lint(*chain, chain->devices);
        EXPECT_EQ(report.compared, chain->rules.size());
        EXPECT_TRUE(report.undecided.empty()) << report.undecided.size() << " rules";
        RecordProperty("findings", static_cast<int>(report.findings.size()));
        std::mt19937 random(11);
        expect_no_false_alarm(*chain, report, random, is_large ? 1 : 3);
    }
}

INSTANTIATE_TEST_SUITE_P(ClassBench, Files,
                         testing::Values("acl1_1k", "fw1_1k", "ipc1_1k", "acl1_10k", "fw1_10k", "ipc1_10k"),
                         [](const auto& name) { return std::string(name.param); });

TEST(Moves, PayAndChangeNothing) {
    const ruleset::Chain chain = chain_of(
        "tcp dport 1 drop\n"
        "tcp dport 2 drop\n"
        "ip saddr 192.0.2.1 drop\n"
        "tcp dport 3 drop\n"
        "udp dport 3 accept");
    const auto found = moves(chain, {1, 1, 1, 100, 1000});
    ASSERT_EQ(found.size(), 1U) << "192.0.2.1 may send to port 3 of both";
    EXPECT_EQ(found[0].rule, 4U);
    EXPECT_EQ(found[0].before, 3U);
    EXPECT_EQ(found[0].saved, 900U);

    const auto far = moves(chain, {1, 1, 0, 0, 1000});
    ASSERT_EQ(far.size(), 1U);
    EXPECT_EQ(far[0].before, 3U) << "never past a rule that shares a packet";
    EXPECT_TRUE(moves(chain, {1000, 100, 10, 1, 0}).empty());
}

}  // namespace
}  // namespace xdpctl::lint
