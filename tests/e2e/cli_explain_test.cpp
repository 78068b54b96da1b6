// SPDX-License-Identifier: BSD-2-Clause
// explain: verdicts with their reasons.
#include <fmt/format.h>

#include <chrono>
#include <future>

#include "e2e/capture_content.h"
#include "e2e/cli_fixture.h"
#include "support/packet.h"

namespace xdpctl::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* rules = R"(table netdev t {
    chain in {
        type filter hook ingress device "eth0" priority filter; policy accept;
        counter comment "all"
        ip saddr { 192.0.2.0/24, 203.0.113.7 } tcp dport 23 drop
        include "more.nft"
        tcp dport { 22, 80-90 } tcp flags syn counter drop comment "web"
    }
    chain out {
        type filter hook egress device "eth0" priority filter; policy drop;
    }
}
)";

class CliExplain : public CliTest {
protected:
    CliExplain() {
        more_ = file("more.nft", "\nudp dport 5000-5999 drop\n");
        std::string text = rules;
        text.replace(text.find("more.nft"), 8, more_);
        ruleset_ = file("rules.nft", text);
    }

    std::string explained(const std::string& packet) { return succeed({"explain", "--ruleset", ruleset_, packet}); }

    std::string more_;
    std::string ruleset_;
};

TEST_F(CliExplain, TellsTheRuleAndWhatNearlyMatched) {
    EXPECT_EQ(explained("tcp 192.0.2.1:1234 > 198.51.100.7:85 flags syn"),
              fmt::format("tcp 192.0.2.1:1234 > 198.51.100.7:85 flags syn length 40\n"
                          "  drop: tcp dport {{ 22, 80-90 }} tcp flags syn counter drop comment \"web\""
                          " # handle 6 ({0}:7)\n"
                          "  in chain netdev t in, hook ingress\n"
                          "  rule 4 of 4 matched:\n"
                          "    tcp dport {{ 22, 80-90 }}: the packet has 85, in 80-90\n"
                          "    tcp flags syn: the packet has syn\n"
                          "  rules without a verdict that it passed:\n"
                          "    counter comment \"all\" # handle 3 ({0}:4)\n"
                          "  nearly matched:\n"
                          "    ip saddr {{ 192.0.2.0/24, 203.0.113.7 }} tcp dport 23 drop # handle 4 ({0}:5)\n"
                          "      tcp dport 23: the packet has 85\n",
                          ruleset_));
}

TEST_F(CliExplain, NamesTheIncludedFile) {
    EXPECT_THAT(explained("udp 192.0.2.1:1 > 192.0.2.2:5005"),
                HasSubstr(fmt::format("drop: udp dport 5000-5999 drop # handle 5 ({}:2)\n", more_)));
}

TEST_F(CliExplain, NamesTheElementOfANamedSet) {
    const std::string sets = file("sets.nft", R"(table netdev t {
    set bad {
        type ipv4_addr
        flags interval
        elements = { 192.0.2.0/24, 203.0.113.7 }
    }
    chain in {
        type filter hook ingress device "eth0" priority filter;
        ip saddr @bad drop
    }
}
)");
    EXPECT_THAT(succeed({"explain", "--ruleset", sets, "icmp 192.0.2.1 > 198.51.100.7"}),
                HasSubstr("    ip saddr @bad: the packet has 192.0.2.1, in 192.0.2.0/24\n"));
}

// Its elements are not in the rules but looked up, and change while they run.
TEST_F(CliExplain, NamesTheElementOfALargeSet) {
    std::string elements = "203.0.113.0/24";
    for (int i = 0; i < 3000; ++i)
        elements += fmt::format(", 10.{}.{}.1", i / 250, i % 250);
    const std::string ruleset =
        file("large.nft", "table netdev t {\nset bad {\ntype ipv4_addr\nflags interval\nelements = { " + elements +
                              " }\n}\nchain c {\ntype filter hook ingress device \"eth0\" "
                              "priority filter;\nip saddr @bad tcp dport 22 drop\n}\n}\n");
    EXPECT_THAT(succeed({"explain", "--ruleset", ruleset, "tcp 203.0.113.9:1 > 192.0.2.1:22"}),
                HasSubstr("ip saddr @bad: the packet has 203.0.113.9, in 203.0.113.0/24\n"));
    EXPECT_LT(succeed_json({"lint", "--cost", ruleset})["chains"][0]["costs"][0]["instructions"], 200);
    succeed({"apply", "-f", ruleset});
    const std::string packet = "tcp 198.51.100.7:1 > 192.0.2.1:22";
    EXPECT_THAT(succeed({"explain", packet}), HasSubstr("ip saddr @bad: the packet has 198.51.100.7\n"));
    succeed({"set", "add", "netdev", "t", "bad", "198.51.100.0/25"});
    EXPECT_THAT(succeed({"explain", packet}),
                HasSubstr("ip saddr @bad: the packet has 198.51.100.7, in 198.51.100.0/25\n"));
    const auto plan = xdpctl({"plan", ruleset, "--json"});
    EXPECT_EQ(nlohmann::json::parse(plan.out)["sets"][0]["elements_removed"], 1);
}

TEST_F(CliExplain, FollowsJumpsAndVerdictMaps) {
    const std::string jumps = file("jumps.nft", R"(table netdev t {
    chain in {
        type filter hook ingress device "eth0" priority filter; policy accept;
        tcp dport vmap { 22 : jump ssh, 80-90 : accept }
        udp dport 53 goto dns
        ip saddr . tcp dport { 192.0.2.7 . 22, 192.0.2.8 . 23 } drop
    }
    chain ssh {
        ip saddr 192.0.2.9 drop
        ip saddr 192.0.2.7 return
    }
    chain dns {
        counter
    }
}
)");
    const auto told = [&](const std::string& packet) { return succeed({"explain", "--ruleset", jumps, packet}); };
    const std::string dropped = told("tcp 192.0.2.9:1 > 192.0.2.1:22");
    EXPECT_THAT(dropped, HasSubstr("  drop: ip saddr 192.0.2.9 drop # handle"));
    EXPECT_THAT(dropped, HasSubstr("  by tcp dport vmap { 22 : jump ssh, 80-90 : accept } # handle"));
    EXPECT_THAT(told("tcp 192.0.2.9:1 > 192.0.2.1:85"), HasSubstr("the packet has 85, in 80-90\n"));
    EXPECT_THAT(told("tcp 192.0.2.7:1 > 192.0.2.1:22"),
                HasSubstr("the packet has 192.0.2.7, in 192.0.2.7 . 22, in 22\n"));
    EXPECT_THAT(told("udp 192.0.2.7:1 > 192.0.2.1:53"), HasSubstr("  accept: no rule decided: the chain's policy\n"));
}

TEST_F(CliExplain, TellsWhyNoRuleDecides) {
    EXPECT_THAT(explained("tcp 192.0.2.1:1 > 192.0.2.2:443"),
                HasSubstr("  accept: no rule decided: the chain's policy\n"));
    EXPECT_THAT(explained("tcp 192.0.2.1:1 > 192.0.2.2:22 cut 50"),
                HasSubstr("  accept: malformed-ipv4-length: the IPv4 total length is shorter than the header or past "
                          "the frame; no rule decided, so the chain's policy does\n"));
}

TEST_F(CliExplain, TakesPacketsFromWordsAndCaptures) {
    const auto words = succeed_json({"explain", "--ruleset", ruleset_, "tcp", "192.0.2.1:1", "to", "192.0.2.2:22"});
    EXPECT_EQ(words["packets"].size(), 1U);
    EXPECT_EQ(words["packets"][0]["verdict"], "drop");
    EXPECT_EQ(words["packets"][0]["decided"]["comment"], "web");
    EXPECT_EQ(words["packets"][0]["decided"]["line"], 7);
    EXPECT_EQ(words["packets"][0]["decided"]["tests"][0]["fields"][0]["element"], "22");
    EXPECT_EQ(words["packets"][0]["nearly"][0]["tests"][1]["holds"], false);
    EXPECT_EQ(words["packets"][0]["passed"][0]["handle"], 3);
    EXPECT_EQ(words["packets"][0]["agrees"], true);

    const std::string capture = file("in.pcap", Capture()
                                                    .add(frame({Ether{}, Ipv4{}, Tcp{.dport = 443}}))
                                                    .add(frame({Ether{}, Ipv4{}, Tcp{.dport = 22}}))
                                                    .add(Bytes(4))
                                                    .content());
    const auto all = succeed_json({"explain", "--ruleset", ruleset_, "--pcap", capture});
    EXPECT_EQ(all["summary"]["packets"], 3);
    EXPECT_EQ(all["summary"]["not_run"], 1);
    EXPECT_EQ(all["packets"][1]["verdict"], "drop");
    EXPECT_THAT(all["packets"][2]["not_run"], HasSubstr("shorter than an Ethernet header"));
    const auto one = succeed_json({"explain", "--ruleset", ruleset_, "--pcap", capture, "-n", "2"});
    EXPECT_EQ(one["packets"].size(), 1U);
    EXPECT_EQ(one["packets"][0]["packet"], "tcp 192.0.2.1:1024 > 198.51.100.1:22 flags syn length 40");
    refuse({"explain", "--ruleset", ruleset_, "--pcap", capture, "-n", "4"}, ErrorKind::NotFound, "3 packets, not 4");
}

TEST_F(CliExplain, SaysTheSameOnEveryLayer) {
    const std::string packet = "tcp 192.0.2.1:1234 > 198.51.100.7:22 vlan 100 vlan 5";
    const auto xdp = succeed_json({"explain", "--ruleset", ruleset_, packet});
    const auto tc = succeed_json({"explain", "--ruleset", ruleset_, "--mode", "tc", packet});
    EXPECT_EQ(tc, xdp);
    EXPECT_EQ(xdp["packets"][0]["packet"], "tcp 192.0.2.1:1234 > 198.51.100.7:22 flags syn vlan 100 vlan 5 length 40");
    EXPECT_THAT(succeed({"explain", "--ruleset", ruleset_, "--hook", "egress", packet}),
                HasSubstr("  drop: no rule decided: the chain's policy\n  in chain netdev t out, hook egress\n"));
}

TEST_F(CliExplain, SaysWhatOnlyTheKernelKnows) {
    const std::string marked = file("marked.nft", R"(table netdev t {
    chain c {
        type filter hook ingress device "eth0" priority filter; policy drop;
        meta mark 0 udp dport 53 accept
        meta mark 7 tcp dport 22 accept
    }
}
)");
    const std::string text =
        succeed({"explain", "--ruleset", marked, "--mode", "tc", "udp 192.0.2.9:1 > 192.0.2.1:53"});
    EXPECT_THAT(text, HasSubstr("accept: meta mark 0x00000000 udp dport 53 accept"));
    EXPECT_THAT(text, HasSubstr("  rules that ask for what only the running kernel knows:\n"
                                "    meta mark 0x00000000 udp dport 53 accept"));
    EXPECT_THAT(text, Not(HasSubstr("DEFECT")));
    const auto packet =
        succeed_json({"explain", "--ruleset", marked, "--mode", "tc", "tcp 192.0.2.9:1 > 192.0.2.1:22"})["packets"][0];
    EXPECT_EQ(packet["verdict"], "drop");
    EXPECT_EQ(packet["agrees"], true);
    EXPECT_EQ(packet["certain"], false);
    EXPECT_EQ(packet["uncertain"].size(), 1U);
}

TEST_F(CliExplain, UsesTheRunningRulesetWithoutTouchingIt) {
    succeed({"apply", "-f", ruleset_});
    const std::string before = state();
    const std::string out = succeed({"explain", "--iface", "eth0", "udp", "192.0.2.2:1", "to", "192.0.2.1:5001"});
    EXPECT_THAT(out, HasSubstr("drop: udp dport 5000-5999 drop # handle"));
    EXPECT_THAT(out, Not(HasSubstr("rules.nft")));
    EXPECT_EQ(state(), before);
}

TEST_F(CliExplain, ListsAllThatNearlyMatchedWhenAsked) {
    std::string text = "table netdev t {\nchain in {\ntype filter hook ingress device \"eth0\" priority filter;\n";
    for (int port = 1; port <= 8; ++port)
        text += fmt::format("tcp sport 1 tcp dport {} drop\n", port);
    const std::string many = file("many.nft", text + "}\n}\n");
    const std::string packet = "tcp 192.0.2.1:1 > 192.0.2.2:99";
    EXPECT_THAT(succeed({"explain", "--ruleset", many, packet}), HasSubstr("    ... 3 more: --all shows them\n"));
    EXPECT_THAT(succeed({"explain", "--ruleset", many, "--all", packet}), HasSubstr("tcp dport 8: the packet has 99"));
}

TEST_F(CliExplain, CatchesALivePacket) {
    auto answer = std::async(std::launch::async, [&] {
        return xdpctl({"explain", "--ruleset", ruleset_, "--iface", "eth0", "--live", "udp port 5005", "--timeout",
                       "20", "--mode", "tc"});
    });
    while (answer.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready) {
        send(4000, 1);
        send(5005, 1);
    }
    const CommandResult result = answer.get();
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("> 192.0.2.1:5005 length 38\n  drop: udp dport 5000-5999 drop"));
}

TEST_F(CliExplain, RefusesWhatItCannotAnswer) {
    refuse({"explain"}, ErrorKind::Usage, "no packet is named");
    refuse({"explain", "tcp 192.0.2.1:1 > 192.0.2.2:2", "--live", ""}, ErrorKind::Usage, "packets come from one place");
    refuse({"explain", "--live", "udp"}, ErrorKind::Usage, "--live needs an interface");
    refuse({"explain", "-n", "1", "hex", "00"}, ErrorKind::Usage, "-n counts the packets of a capture");
    refuse({"explain", "tcp 192.0.2.1:1 > 192.0.2.2:2 flgs"}, ErrorKind::Input, "did you mean 'flags'?");
    refuse({"explain", "udp 192.0.2.1:1 > 192.0.2.2:2"}, ErrorKind::NotFound, "the ruleset has no chain");
    const auto live = [&](const std::string& expression) {
        return std::vector<std::string>{"explain", "--ruleset", ruleset_,   "--iface",   "eth0", "--mode",
                                        "tc",      "--live",    expression, "--timeout", "0.1"};
    };
    refuse(live("udp port port"), ErrorKind::Input, "is no expression that libpcap knows");
    refuse(live("udp port 7"), ErrorKind::NotFound, "no such packet on eth0 in 0.1 seconds");
}

}  // namespace
}  // namespace xdpctl::test
