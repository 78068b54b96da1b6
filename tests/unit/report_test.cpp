// SPDX-License-Identifier: BSD-2-Clause
#include "observe/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>

#include "lang/parse.h"

namespace xdpctl::observe {
namespace {

using testing::EndsWith;

ruleset::Rule rule_of(std::string_view text, std::uint64_t handle) {
    ruleset::Rule rule = lang::parse_rule(text, "test").value_or(ruleset::Rule{});
    rule.handle = Handle{handle};
    return rule;
}

class Reports : public testing::Test {
protected:
    Reports() {
        table.name = "edge";
        chain.name = "in";
        packet.headers = XDPCTL_HEADER_ETHERNET | XDPCTL_HEADER_IPV4 | XDPCTL_HEADER_L4PROTO | XDPCTL_HEADER_TCP;
        packet.saddr[0] = 0xc0000202;
        packet.daddr[0] = 0xc0000201;
        packet.sport = 40000;
        packet.dport = 22;
        packet.l4_proto = 6;
        packet.tcp_flags = 2;
        packet.network_offset = 14;
        packet.verdict = XDPCTL_DROP;
        packet.reason = XDPCTL_REASON_RULE;
        report.interface = "eth0";
        report.table = &table;
        report.chain = &chain;
        report.packet = &packet;
        report.rule = &drop;
        report.length = 54;
    }

    const ruleset::Rule drop = rule_of("tcp dport 22 drop comment \"ssh\"", 5);
    const ruleset::Rule log = rule_of("log prefix \"seen: \" group 3 snaplen 2", 4);
    ruleset::Table table;
    ruleset::Chain chain;
    xdpctl_packet packet{};
    Report report;
};

TEST_F(Reports, AreALineForPeople) {
    EXPECT_THAT(text(report), EndsWith(" eth0 in drop by rule 5 \"ssh\": tcp 192.0.2.2:40000 > 192.0.2.1:22 flags syn "
                                       "length 40\n"));
    report.logged = &log;
    EXPECT_THAT(text(report), testing::HasSubstr(" eth0 in log \"seen: \" of rule 4, drop by rule 5 \"ssh\": tcp "));
    report.rule = nullptr;
    packet.reason = XDPCTL_MALFORMED_TCP;
    EXPECT_EQ(decision(report), "drop by malformed-tcp");
    packet.reason = XDPCTL_REASON_RULE;
    EXPECT_EQ(decision(report), "drop by a rule that is gone");
    chain.hook = ruleset::Hook::Egress;
    EXPECT_THAT(text(report), testing::HasSubstr(" eth0 out log"));
}

TEST_F(Reports, AreAnObjectForPrograms) {
    constexpr std::array frame{std::byte{0xab}, std::byte{0x01}};
    report.time = Time(std::chrono::milliseconds(1500));
    report.frame = frame;
    nlohmann::json object = json(report);
    EXPECT_EQ(object["event"], "drop");
    EXPECT_EQ(object["time"], 1.5);
    EXPECT_EQ(object["rule"]["rule"], "tcp dport 22 drop comment \"ssh\"");
    EXPECT_EQ(object["packet"]["flags"], nlohmann::json::array({"syn"}));
    EXPECT_EQ(object["frame"], "ab01");
    EXPECT_FALSE(object.contains("log"));
    report.logged = &log;
    object = json(report);
    EXPECT_EQ(object["event"], "log");
    EXPECT_EQ(object["log"]["prefix"], "seen: ");
    EXPECT_EQ(object["log"]["group"], 3);
    EXPECT_EQ(object["log"]["rule"]["handle"], 4);
}

}  // namespace
}  // namespace xdpctl::observe
