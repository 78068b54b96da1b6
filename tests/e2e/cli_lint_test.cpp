// SPDX-License-Identifier: BSD-2-Clause
// lint: findings about files and about the running ruleset.
#include <fmt/format.h>

#include "e2e/cli_fixture.h"
#include "e2e/found_status.h"

namespace xdpctl::test {
namespace {

using testing::HasSubstr;

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
