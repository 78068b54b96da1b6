// SPDX-License-Identifier: BSD-2-Clause
// Described packets, against the frames that the tests' own builder makes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "packet/build.h"
#include "packet/parse.h"
#include "support/packet.h"

namespace xdpctl::packet {
namespace {

using test::frame;
using testing::HasSubstr;

Bytes built(std::string_view text) {
    const auto packet = parse(text, "test");
    EXPECT_TRUE(packet) << (packet ? "" : packet.error().text());
    return packet ? build(*packet) : Bytes{};
}

std::string refused(std::string_view text) {
    const auto packet = parse(text, "test");
    EXPECT_FALSE(packet) << text;
    if (packet)
        return {};
    EXPECT_EQ(packet.error().kind, ErrorKind::Input);
    return packet.error().text();
}

Bytes bytes(std::string_view text) {
    Bytes out;
    for (const char c : text)
        out.push_back(static_cast<std::byte>(c));
    return out;
}

TEST(Packet, HasPortsAndFlags) {
    EXPECT_EQ(built("tcp 192.0.2.1:1234 > 198.51.100.7:22"),
              frame({test::Ether{}, test::Ipv4{.daddr = "198.51.100.7"}, test::Tcp{.sport = 1234, .dport = 22}}));
    EXPECT_EQ(built("tcp 192.0.2.1:1234 to 198.51.100.7:ssh flags syn,ack"),
              frame({test::Ether{}, test::Ipv4{.daddr = "198.51.100.7"},
                     test::Tcp{.sport = 1234, .dport = 22, .flags = 0x12}}));
    EXPECT_EQ(built("tcp 192.0.2.1:1>198.51.100.1:2 flags none"),
              frame({test::Ether{}, test::Ipv4{}, test::Tcp{.sport = 1, .dport = 2, .flags = 0}}));
    EXPECT_EQ(built("udp 192.0.2.1 > 198.51.100.1:53 payload \"hello world\""),
              frame({test::Ether{}, test::Ipv4{}, test::Udp{.sport = 40000}, bytes("hello world")}));
    EXPECT_EQ(built("sctp 192.0.2.1:7 > 198.51.100.1:36412 payload 0x00ff10"),
              frame({test::Ether{}, test::Ipv4{}, test::Sctp{.sport = 7},
                     Bytes{std::byte{0}, std::byte{0xff}, std::byte{0x10}}}));
}

TEST(Packet, GoesOverIpv6) {
    EXPECT_EQ(built("tcp [2001:db8::1]:1024 > [2001:db8::2]:80"), frame({test::Ether{}, test::Ipv6{}, test::Tcp{}}));
    EXPECT_EQ(built("icmpv6 2001:db8::1 > 2001:db8::2 type echo-reply hoplimit 255"),
              frame({test::Ether{}, test::Ipv6{.hop_limit = 255}, test::Icmpv6{.type = 129}}));
    EXPECT_EQ(built("udp [2001:db8::1]:1024 > [2001:db8::2]:53 frag 0+ id 1 payload \"12345678\""),
              frame({test::Ether{}, test::Ipv6{}, test::Fragment{.more = true}, test::Udp{}, bytes("12345678")}));
    EXPECT_EQ(built("udp 2001:db8::1 > 2001:db8::2 frag 1480 id 1 payload \"rest\""),
              frame({test::Ether{}, test::Ipv6{}, test::Fragment{.offset = 185, .next_header = 17}, bytes("rest")}));
}

TEST(Packet, HasTagsAndEthernetAddresses) {
    EXPECT_EQ(
        built("icmp 192.0.2.1 > 198.51.100.1 vlan 5 pcp 3 dei"),
        frame({test::Ether{}, test::Vlan{.id = 5, .priority = 3, .drop_eligible = true}, test::Ipv4{}, test::Icmp{}}));
    EXPECT_EQ(built("icmp 192.0.2.1 > 198.51.100.1 vlan 100 vlan 5 ether 00:00:5e:00:53:01 > 00:00:5e:00:53:02"),
              frame({test::Ether{.daddr = {0, 0, 0x5e, 0, 0x53, 2}, .saddr = {0, 0, 0x5e, 0, 0x53, 1}},
                     test::Vlan{.id = 100, .tpid = 0x88a8}, test::Vlan{.id = 5}, test::Ipv4{}, test::Icmp{}}));
    EXPECT_EQ(built("ether 02:00:00:00:00:01 > 02:00:00:00:00:02 type 0x88cc payload 0x0102"),
              frame({test::Ether{.type = 0x88cc}, Bytes{std::byte{1}, std::byte{2}}}));
}

TEST(Packet, AsksAndAnswersWithArp) {
    EXPECT_EQ(built("arp request 192.0.2.1 > 192.0.2.2"), frame({test::Ether{}, test::Arp{}}));
    EXPECT_EQ(built("arp 2 192.0.2.1 > 192.0.2.2"),
              frame({test::Ether{}, test::Arp{.operation = 2, .target_ether = {2, 0, 0, 0, 0, 2}}}));
}

TEST(Packet, HasFieldsOfIp) {
    EXPECT_EQ(built("ip 192.0.2.1 > 198.51.100.1 protocol gre ttl 1 id 7 df length 28"),
              frame({test::Ether{}, test::Ipv4{.protocol = 47, .id = 7, .dont_fragment = true, .ttl = 1}, Bytes(8)}));
    EXPECT_EQ(built("udp 192.0.2.1 > 198.51.100.1 frag 1480+ id 9 payload \"12345678\""),
              frame({test::Ether{}, test::Ipv4{.protocol = 17, .id = 9, .fragment_offset = 185, .more_fragments = true},
                     bytes("12345678")}));
    const Bytes marked = built("ip 192.0.2.1 > 198.51.100.1 dscp 46 ecn 3");
    EXPECT_EQ(marked.at(15), std::byte{46 << 2 | 3});
    const Bytes labelled = built("ip6 2001:db8::1 > 2001:db8::2 dscp 46 ecn 3 flowlabel 0xabcde");
    EXPECT_EQ((Bytes{labelled.begin() + 14, labelled.begin() + 18}),
              (Bytes{std::byte{0x6b}, std::byte{0xba}, std::byte{0xbc}, std::byte{0xde}}));
    const Bytes numbered = built("tcp 192.0.2.1:1 > 198.51.100.1:2 seq 1 ack 2 window 3");
    EXPECT_EQ((Bytes{numbered.begin() + 38, numbered.begin() + 50}),
              (Bytes{std::byte{}, std::byte{}, std::byte{}, std::byte{1}, std::byte{}, std::byte{}, std::byte{},
                     std::byte{2}, std::byte{0x50}, std::byte{2}, std::byte{}, std::byte{3}}));
}

TEST(Packet, IsPaddedAndCut) {
    EXPECT_EQ(built("udp 192.0.2.1:1024 > 198.51.100.1:53 length 1500"),
              frame({test::Ether{}, test::Ipv4{}, test::Udp{}, Bytes(1500 - 28)}));
    EXPECT_EQ(built("udp 192.0.2.1:1024 > 198.51.100.1:53 cut 37"),
              test::cut(frame({test::Ether{}, test::Ipv4{}, test::Udp{}}), 37));
    EXPECT_EQ(built("hex 0x0102 03 0aFF cut 4"), (Bytes{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{0x0a}}));
}

TEST(Packet, PointsAtWhatIsWrong) {
    EXPECT_EQ(refused("tcp 192.0.2.1:1234 > 198.51.100.7:22 flgs syn"),
              "test:1:38: error: tcp has no 'flgs'\n"
              "    tcp 192.0.2.1:1234 > 198.51.100.7:22 flgs syn\n"
              "                                         ^~~~\n"
              "    did you mean 'flags'?");
    EXPECT_EQ(refused("tcp 192.0.2.1:1234 > 198.51.100.7:222222"),
              "test:1:34: error: ':222222' is no port\n"
              "    tcp 192.0.2.1:1234 > 198.51.100.7:222222\n"
              "                                     ^~~~~~~\n"
              "    write :22, a number from 0 to 65535, or a service like :ssh");
    EXPECT_EQ(refused("udp 192.0.2.1 >"),
              "test:1:16: error: expected an address, found the end\n"
              "    udp 192.0.2.1 >\n"
              "                   ^\n"
              "    write it like 192.0.2.1, 192.0.2.1:80, 2001:db8::1 or [2001:db8::1]:80");
}

TEST(Packet, RefusesWhatMakesNoSense) {
    const std::pair<const char*, const char*> wrong[] = {
        {"", "expected a packet, found the end"},
        {"tpc 192.0.2.1:1 > 192.0.2.2:2", "did you mean 'tcp'?"},
        {"tcp 192.0.2.1:1 192.0.2.2:2", "expected '>', found '192.0.2.2:2'"},
        {"tcp 192.0.2.256:1 > 192.0.2.2:2", "'192.0.2.256' is no address"},
        {"tcp 192.0.2.1:1 > 192.0.2.2", "the destination's port is missing"},
        {"tcp 2001:db8::1 > 2001:db8::2", "write [2001:db8::2]:80"},
        {"tcp [2001:db8::1:1 > [2001:db8::2]:2", "expected ']'"},
        {"tcp [192.0.2.1]:1 > 192.0.2.2:2", "'192.0.2.1' is no address"},
        {"tcp 192.0.2.1:1 > [2001:db8::2]:2", "the source has an IPv4 address"},
        {"icmp 2001:db8::1 > 2001:db8::2", "write icmpv6"},
        {"icmpv6 192.0.2.1 > 192.0.2.2", "write icmp"},
        {"arp 2001:db8::1 > 2001:db8::2", "ARP has IPv4 addresses"},
        {"icmp 192.0.2.1:5 > 192.0.2.2", "icmp has no ports"},
        {"udp 192.0.2.1:1 > 192.0.2.2:2 flags syn", "udp has no 'flags'"},
        {"tcp 192.0.2.1:1 > 192.0.2.2:2 flags sny", "'sny' is no TCP flag"},
        {"tcp 192.0.2.1:1 > 192.0.2.2:2 flags syn,", "'' is no TCP flag"},
        {"tcp 192.0.2.1:1 > 192.0.2.2:2 flags", "expected flags, found the end"},
        {"tcp 192.0.2.1:1 > 192.0.2.2:2 ttl 256", "out of range: a TTL is at most 255"},
        {"tcp 192.0.2.1:1 > 192.0.2.2:2 ttl 1 ttl 2", "'ttl' is there twice"},
        {"tcp 192.0.2.1:1 > 192.0.2.2:2 vlan 4096", "a VLAN id is at most 4095"},
        {"tcp 192.0.2.1:1 > 192.0.2.2:2 frag 1481", "a multiple of eight"},
        {"tcp 192.0.2.1:1 > 192.0.2.2:2 frag 1480", "a later fragment has no ports"},
        {"tcp 192.0.2.1:1 > 192.0.2.2:2 length 39", "the packet has 40 bytes"},
        {"tcp 192.0.2.1:1 > 192.0.2.2:2 payload hi", "in quotation marks"},
        {"tcp 192.0.2.1:1 > 192.0.2.2:2 payload \"hi", "in quotation marks"},
        {"tcp 192.0.2.1:1 > 192.0.2.2:2 payload 0x123", "their number here is odd"},
        {"tcp [2001:db8::1]:1 > [2001:db8::2]:2 df", "IPv6 has no flag df"},
        {"udp 192.0.2.1:1 > 192.0.2.2:2 flowlabel 1", "IPv4 has no flow label"},
        {"hex", "expected hexadecimal digits"},
        {"hex 01zz", "'z' is no hexadecimal digit"},
        {"ether 02:00:00:00:00:01 > x", "expected an Ethernet address, found 'x'"},
        {"icmp 192.0.2.1 > 192.0.2.2 type echo-requst", "did you mean 'echo-request'?"},
        {"tcp 192.0.2.1:1 > 192.0.2.2:2 \x1b[31m", "tcp has no '?[31m'"},
    };
    for (const auto& [text, message] : wrong)
        EXPECT_THAT(refused(text), HasSubstr(message)) << text;
}

TEST(Packet, IsBoundedWhateverTheText) {
    EXPECT_THAT(refused("hex " + std::string(2 * 65536, '0')), HasSubstr("at most 65535 bytes"));
    EXPECT_THAT(refused(std::string(300000, ' ')), HasSubstr("at most"));
    std::string tags = "icmp 192.0.2.1 > 192.0.2.2";
    for (int i = 0; i < 9; ++i)
        tags += " vlan 1";
    EXPECT_THAT(refused(tags), HasSubstr("at most 8 tags"));
}

}  // namespace
}  // namespace xdpctl::packet
