// SPDX-License-Identifier: BSD-2-Clause
// test-run: captures through rules.
#include <fmt/format.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include "e2e/capture_content.h"
#include "e2e/cli_fixture.h"
#include "support/packet.h"

namespace xdpctl::test {
namespace {

using testing::HasSubstr;

constexpr const char* rules = R"(table netdev t {
    chain in {
        type filter hook ingress device "eth0" priority filter; policy accept;
        udp dport 5000 counter drop comment "games"
        tcp dport 22 counter accept
    }
    chain out {
        type filter hook egress device "eth0" priority filter; policy drop;
    }
}
)";

Bytes udp_frame(std::uint16_t port) {
    return frame({Ether{}, Ipv4{}, Udp{.dport = port}, Bytes(10)});
}

Bytes tcp_frame(std::uint16_t port) {
    return frame({Ether{}, Ipv4{}, Tcp{.dport = port}});
}

class CliTestRun : public CliTest {
protected:
    std::string ruleset = file("rules.nft", rules);
    std::string capture = file("in.pcap", Capture()
                                              .add(udp_frame(5000))
                                              .add(tcp_frame(22))
                                              .add(udp_frame(53))
                                              .add(cut(udp_frame(53), 10))
                                              .add(cut(udp_frame(53), 30), 52)
                                              .add(cut(tcp_frame(22), 40))
                                              .content());
};

TEST_F(CliTestRun, TellsEachPacketsFate) {
    const auto result = succeed_json({"test-run", "--ruleset", ruleset, "--pcap", capture});
    const auto& packets = result["packets"];
    ASSERT_EQ(packets.size(), 6U);
    EXPECT_EQ(packets[0]["verdict"], "drop");
    EXPECT_EQ(packets[0]["reason"], "rule");
    EXPECT_EQ(packets[0]["rule"], "udp dport 5000 counter drop comment \"games\"");
    EXPECT_TRUE(packets[0]["handle"].is_number_unsigned());
    EXPECT_EQ(packets[1]["verdict"], "accept");
    EXPECT_EQ(packets[1]["reason"], "rule");
    EXPECT_EQ(packets[2]["reason"], "policy");
    EXPECT_FALSE(packets[2].contains("handle"));
    EXPECT_THAT(packets[3]["not_run"], HasSubstr("shorter than an Ethernet header"));
    EXPECT_THAT(packets[4]["not_run"], HasSubstr("30 of its 52 bytes"));
    EXPECT_EQ(packets[5]["verdict"], "accept");
    EXPECT_EQ(packets[5]["reason"], "malformed-ipv4-length");
    for (std::size_t i = 0; i < packets.size(); ++i)
        EXPECT_EQ(packets[i]["number"], i + 1);
    EXPECT_EQ(result["summary"]["packets"], 6);
    EXPECT_EQ(result["summary"]["accepted"], 3);
    EXPECT_EQ(result["summary"]["dropped"], 1);
    EXPECT_EQ(result["summary"]["not_run"], 2);
}

TEST_F(CliTestRun, PrintsALineAPacket) {
    const std::string out = succeed({"test-run", "--ruleset", ruleset, "--pcap", capture});
    EXPECT_THAT(out, HasSubstr("     1  drop    rule: udp dport 5000 counter drop comment \"games\" # handle "));
    EXPECT_THAT(out, HasSubstr("     3  accept  policy\n"));
    EXPECT_THAT(out, HasSubstr("     5  not run: the capture has only 30 of its 52 bytes\n"));
    EXPECT_THAT(out, HasSubstr("6 packets: 3 accepted, 1 dropped, 2 not run\n"));
    EXPECT_THAT(out, HasSubstr("  accept malformed-ipv4-length: 1\n"));
}

TEST_F(CliTestRun, JudgesTheSameOnTc) {
    const auto xdp = succeed_json({"test-run", "--ruleset", ruleset, "--pcap", capture});
    const auto tc = succeed_json({"test-run", "--ruleset", ruleset, "--pcap", capture, "--mode", "tc"});
    for (const std::size_t packet : {0, 1, 2})
        EXPECT_EQ(tc["packets"][packet], xdp["packets"][packet]);
    const auto egress = succeed_json({"test-run", "--ruleset", ruleset, "--pcap", capture, "--hook", "egress"});
    EXPECT_EQ(egress["packets"][0]["verdict"], "drop");
    EXPECT_EQ(egress["packets"][0]["reason"], "policy");
}

TEST_F(CliTestRun, WritesTheAcceptedPackets) {
    const std::string out = file("out.pcap", "");
    succeed({"test-run", "--ruleset", ruleset, "--pcap", capture, "--out", out});
    const auto again = succeed_json({"test-run", "--ruleset", ruleset, "--pcap", out});
    EXPECT_EQ(again["summary"]["packets"], 3);
    EXPECT_EQ(again["summary"]["accepted"], 3);
    EXPECT_EQ(again["packets"][0]["rule"], "tcp dport 22 counter accept");
    const std::string listing = here.shell("tcpdump -n -tt -r " + out + " 2>/dev/null");
    EXPECT_THAT(listing, HasSubstr("2.000000 IP 192.0.2.1.1024 > 198.51.100.1.22"));
}

TEST_F(CliTestRun, ReadsStandardInput) {
    const auto result =
        succeed_json({"test-run", "--ruleset", ruleset, "--pcap", "-"}, Capture().add(udp_frame(5000)).content());
    EXPECT_EQ(result["summary"]["dropped"], 1);
}

TEST_F(CliTestRun, UsesTheRunningRulesetWithoutTouchingIt) {
    succeed({"apply", "-f", ruleset});
    const std::string before = state();
    const auto result = succeed_json({"test-run", "--pcap", capture});
    EXPECT_EQ(result["packets"][0]["verdict"], "drop");
    EXPECT_THAT(succeed({"rule", "list", "-a"}),
                HasSubstr(fmt::format("comment \"games\" # handle {}", result["packets"][0]["handle"].get<int>())));
    EXPECT_EQ(succeed_json({"test-run", "--iface", "eth0", "--pcap", capture}), result);
    EXPECT_EQ(state(), before);
    EXPECT_EQ(succeed_json({"stats"})["total"]["drop"]["packets"], 0);
}

TEST_F(CliTestRun, TellsWhichChainIsMissing) {
    refuse({"test-run", "--pcap", capture}, ErrorKind::NotFound, "the ruleset has no chain of hook ingress");
    refuse({"test-run", "--ruleset", ruleset, "--iface", "eth1", "--pcap", capture}, ErrorKind::NotFound,
           "no chain of hook ingress has the device eth1");
    const std::string two = file("two.nft", R"(table netdev t {
        chain a { type filter hook ingress device "eth0" priority filter; }
        chain b { type filter hook ingress device "eth1" priority filter; }
    })");
    refuse({"test-run", "--ruleset", two, "--pcap", capture}, ErrorKind::Usage, "--iface IFACE");
    succeed({"test-run", "--ruleset", two, "--iface", "eth1", "--pcap", capture});
}

TEST_F(CliTestRun, RefusesBadCaptures) {
    const auto refuse_capture = [&](const std::string& path, ErrorKind kind, const std::string& message) {
        refuse({"test-run", "--ruleset", ruleset, "--pcap", path}, kind, message);
    };
    refuse_capture(file("text.pcap", "no capture at all, but long enough"), ErrorKind::Input, "as a capture");
    refuse_capture(file("empty.pcap", ""), ErrorKind::Input, "as a capture");
    refuse_capture(file("raw.pcap", Capture(101).content()), ErrorKind::Input, "its link type is RAW");
    refuse_capture(capture + ".gone", ErrorKind::NotFound, "cannot open");
    refuse({"test-run", "--ruleset", ruleset, "--pcap", capture, "--out", capture}, ErrorKind::Usage, "the same file");
    refuse({"test-run", "--ruleset", ruleset, "--pcap", capture, "--out", "/proc/none"}, ErrorKind::Failed,
           "/proc/none");
}

TEST_F(CliTestRun, TellsOfThePacketsInFrontOfADamage) {
    const std::string content = Capture().add(udp_frame(5000)).add(udp_frame(53)).content();
    const std::string damaged = file("cut.pcap", content.substr(0, content.size() - 5));
    const CommandResult result = xdpctl({"test-run", "--ruleset", ruleset, "--pcap", damaged, "--json"});
    EXPECT_EQ(result.status, static_cast<int>(ErrorKind::Input));
    EXPECT_THAT(result.err, HasSubstr("is damaged"));
    const auto object = nlohmann::json::parse(result.out, nullptr, false);
    ASSERT_TRUE(object.is_object()) << result.out;
    EXPECT_EQ(object["summary"]["packets"], 1);
}

}  // namespace
}  // namespace xdpctl::test
