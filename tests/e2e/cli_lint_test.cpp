// SPDX-License-Identifier: BSD-2-Clause
// lint: findings about files and about the running ruleset.
#include <fmt/format.h>

#include "e2e/cli_fixture.h"
#include "e2e/found_status.h"

namespace xdpctl::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* rules = R"(table netdev t {
    chain in {
        type filter hook ingress device "eth0" priority filter; policy accept;
        tcp dport 1-100 accept
        tcp dport 22 drop comment "late"
        tcp dport 5 tcp dport 6 drop
        udp dport 53 drop
    }
}
)";

class CliLint : public CliTest {
protected:
    std::string found(std::vector<std::string> options) {
        options.insert(options.begin(), "lint");
        const CommandResult result = xdpctl(options);
        EXPECT_EQ(result.status, found_status) << result.err;
        EXPECT_EQ(result.err, "");
        return result.out;
    }

    std::string bad_ = file("bad.nft", rules);
    std::string good_ = file("good.nft", R"(table netdev t {
    chain in {
        type filter hook ingress device "eth0" priority filter; policy drop;
        tcp dport 1 counter packets 5 bytes 500 accept
        udp dport 2 counter packets 1000 bytes 100000 accept
    }
}
)");
};

TEST_F(CliLint, CheckWarnsOfWhatNeverMatches) {
    const CommandResult checked = xdpctl({"check", bad_});
    EXPECT_EQ(checked.status, 0) << "a warning is no error";
    EXPECT_EQ(checked.err,
              fmt::format("xdpctl: {}:6:9: warning: the rule never matches: no packet comes past 'tcp dport 6'\n"
                          "            tcp dport 5 tcp dport 6 drop\n"
                          "            ^\n"
                          "    it excludes what the matches in front of it leave\n",
                          bad_));
    EXPECT_THAT(checked.out, HasSubstr("ok: 1 table, 1 chain, 4 rules"));
    EXPECT_EQ(xdpctl({"check", good_}).err, "");
    EXPECT_EQ(xdpctl({"check", bad_, "--quiet"}).err, "");

    const CommandResult in_json = xdpctl({"check", bad_, "--json"});
    EXPECT_EQ(in_json.status, 0);
    EXPECT_THAT(nlohmann::json::parse(in_json.err)["warning"]["message"].get<std::string>(),
                HasSubstr(":6:9: warning: the rule never matches"));
}

TEST_F(CliLint, CheckShowsLinesOfIncludedFilesAndOfInput) {
    const std::string included = file("part.nft", "# comment\niifname \"eth9\" drop\n");
    const std::string text = fmt::format(
        "table netdev t {{\n\tchain c {{\n\t\ttype filter hook ingress device \"eth0\" priority 0\n\t\tinclude "
        "\"{}\"\n\t\tudp dport 1 udp dport 2\n\t}}\n}}\n",
        included);
    const CommandResult checked = xdpctl({"check", "-"}, text);
    EXPECT_EQ(checked.status, 0);
    EXPECT_THAT(checked.err,
                HasSubstr(included + ":2:1: warning: the rule never matches: no packet comes past 'iifname "
                                     "\"eth9\"'\n    iifname \"eth9\" drop\n    ^\n    the chain has no "
                                     "such packets\n"));
    EXPECT_THAT(checked.err, HasSubstr("<stdin>:5:3: warning: "));
    // A document has no lines to show.
    const std::string document = R"({"nftables": [{"table": {"family": "netdev", "name": "t"}},
        {"chain": {"family": "netdev", "table": "t", "name": "c", "type": "filter", "hook": "ingress", "dev": "eth0",
                   "prio": 0, "policy": "accept"}},
        {"rule": {"family": "netdev", "table": "t", "chain": "c", "expr": [
            {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 1}},
            {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 2}}]}}]})";
    EXPECT_THAT(xdpctl({"check", "-"}, document).err,
                HasSubstr("xdpctl: warning: the rule never matches: no packet comes past 'tcp dport 2'"));
}

TEST_F(CliLint, CheckNamesTwentyRulesAndCountsTheRest) {
    std::string text = "table netdev t {\nchain c {\ntype filter hook ingress device \"eth0\" priority 0\n";
    for (int i = 0; i < 25; ++i)
        text += fmt::format("tcp dport {} tcp dport {}\n", i, i + 1);
    const CommandResult checked = xdpctl({"check", "-"}, text + "}\n}\n");
    EXPECT_THAT(checked.err, HasSubstr("'tcp dport 20'"));
    EXPECT_THAT(checked.err, Not(HasSubstr("'tcp dport 21'")));
    EXPECT_THAT(checked.err, HasSubstr("xdpctl: warning: 5 more rules never match; xdpctl lint lists them\n"));
}

TEST_F(CliLint, ProvesItsFindings) {
    EXPECT_EQ(
        found({bad_}),
        fmt::format("chain netdev t in, rule 2: shadowed: it is never reached: earlier rules decide all its packets\n"
                    "  tcp dport 22 drop comment \"late\" # handle 4 ({0}:5)\n"
                    "    rule 1: tcp dport 1-100 accept # handle 3 ({0}:4)\n"
                    "chain netdev t in, rule 3: never-matches: its matches hold for no packet of this chain\n"
                    "  tcp dport 5 tcp dport 6 drop # handle 5 ({0}:6)\n"
                    "4 rules, 2 findings\n",
                    bad_));
    const auto object = nlohmann::json::parse(found({bad_, "--json"}));
    EXPECT_EQ(object["findings"], 2);
    EXPECT_EQ(object["chains"][0]["findings"][0]["finding"], "shadowed");
    EXPECT_EQ(object["chains"][0]["findings"][0]["line"], 5);
    EXPECT_EQ(object["chains"][0]["findings"][0]["covered_by"][0]["number"], 1);
    EXPECT_EQ(object["chains"][0]["compared"], 4);
}

TEST_F(CliLint, HintsAtBetterOrders) {
    EXPECT_THAT(succeed({"lint", good_}),
                HasSubstr("  rule 2 could stand in front of rule 1: no packet matches it and one between them;\n"
                          "    the counted packets would have been spared 995 tests of rules\n"
                          "2 rules, 0 findings\n"));
    EXPECT_EQ(succeed_json({"lint", good_})["chains"][0]["moves"][0]["saved"], 995);
}

TEST_F(CliLint, ShowsCosts) {
    const auto costs = succeed_json({"lint", "--cost", good_})["chains"][0]["costs"];
    ASSERT_EQ(costs.size(), 2U);
    EXPECT_EQ(costs[0]["tests"], 1);
    EXPECT_GT(costs[0]["instructions"], 3);
    EXPECT_THAT(succeed({"lint", "--cost", good_}), HasSubstr("chain netdev t in: straight-line code, "));
}

TEST_F(CliLint, ReadsTheRunningRulesetAndItsCounters) {
    succeed({"apply", "-f", good_});
    send(2, 20);
    EXPECT_THAT(succeed({"lint"}), HasSubstr("2 rules, 0 findings\n"));
    succeed({"rule", "add", "netdev", "t", "in", "udp", "dport", "2", "counter", "drop"});
    EXPECT_THAT(found({}), HasSubstr("rule 3: shadowed"));
}

TEST_F(CliLint, RefusesBadInput) {
    refuse({"lint", bad_ + ".gone"}, ErrorKind::NotFound, "bad.nft.gone");
    refuse({"lint", file("x.nft", "table netdev t {\n  chane c { }\n}\n")}, ErrorKind::Input, "x.nft:2:");
}

}  // namespace
}  // namespace xdpctl::test
