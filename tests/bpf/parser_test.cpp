// SPDX-License-Identifier: BSD-2-Clause
// The parser on every layer: each field, each reason, and every length at which a frame can end. Besides what a test
// says itself, each packet is compared with what the reference parser finds.
#include <bpf/bpf.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>

#include "support/packet.h"
#include "support/reference_parser.h"
#include "testrun/cpu.h"
#include "testrun/testrun.h"

namespace xdpctl::test {
namespace {

using Kernel = kernel::Layer;

constexpr std::uint32_t ethernet = XDPCTL_HEADER_ETHERNET;
constexpr std::uint32_t ipv4 = ethernet | XDPCTL_HEADER_IPV4;
constexpr std::uint32_t ipv4_l4 = ipv4 | XDPCTL_HEADER_L4PROTO;
constexpr std::uint32_t ipv6 = ethernet | XDPCTL_HEADER_IPV6;
constexpr std::uint32_t ipv6_l4 = ipv6 | XDPCTL_HEADER_L4PROTO;
constexpr xdpctl_reason well_formed{};

// The headers that the tests below name. Those that say how far the parser came follow from them: the reference parser
// has them too, and parse() compares.
std::uint32_t named_headers(const xdpctl_packet& packet) {
    return packet.headers & ((XDPCTL_HEADER_ICMPV6 << 1U) - 1U);
}

// A chain of the hook without rules.
ruleset::Chain empty_chain(Kernel layer) {
    ruleset::Chain chain;
    chain.name = "chain";
    chain.hook = layer == Kernel::TcEgress ? ruleset::Hook::Egress : ruleset::Hook::Ingress;
    return chain;
}

class ParserTest : public testing::TestWithParam<Kernel> {
protected:
    static void TearDownTestSuite() { runners().clear(); }

    // One a layer for all tests: nothing of a packet may show in the next.
    testrun::Runner& runner() {
        auto found = runners().find(GetParam());
        if (found == runners().end()) {
            auto made = testrun::Runner::create(empty_chain(GetParam()), GetParam());
            if (!made)
                throw std::runtime_error(made.error().text());
            found = runners().emplace(GetParam(), *std::move(made)).first;
        }
        return found->second;
    }

    xdpctl_packet parse(const Bytes& frame) {
        const auto outcome = runner().run(frame);
        if (!outcome)
            throw std::runtime_error(outcome.error().text());
        EXPECT_EQ(outcome->verdict, ruleset::Verdict::Accept);
        const auto malformed = static_cast<xdpctl_reason>(outcome->packet.malformed);
        EXPECT_EQ(outcome->reason, malformed == well_formed ? XDPCTL_REASON_POLICY : malformed);
        const auto expected = parse_reference(frame, empty_chain(GetParam()).hook);
        EXPECT_EQ(differences(expected, outcome->packet), "") << hex(frame);
        return outcome->packet;
    }

    void expect(const Bytes& frame, std::uint32_t headers, xdpctl_reason malformed = well_formed) {
        const xdpctl_packet packet = parse(frame);
        EXPECT_EQ(named_headers(packet), headers) << hex(frame);
        EXPECT_EQ(packet.malformed, malformed) << hex(frame);
    }

    // As parse(), for frames with an Ethernet header whose IP header may be cut: the kernel's test run does not take
    // those at TC. There, the same cuts behind a VLAN tag stand for them.
    void parse_if_taken(const Bytes& frame) {
        const auto expected = parse_reference(frame, ruleset::Hook::Ingress);
        const bool cut_ip_header =
            expected.malformed == XDPCTL_MALFORMED_IPV4 || expected.malformed == XDPCTL_MALFORMED_IPV6;
        if (GetParam() == Kernel::Xdp || !cut_ip_header || expected.network_offset != 14)
            parse(frame);
    }

    // Lengths are counted with the Ethernet header on egress only.
    [[nodiscard]] std::uint32_t counted(const Bytes& frame, std::uint32_t tag = 0) const {
        return static_cast<std::uint32_t>(frame.size()) - (GetParam() == Kernel::TcEgress ? 0 : 14 + tag);
    }

private:
    static std::map<Kernel, testrun::Runner>& runners() {
        static std::map<Kernel, testrun::Runner> all;
        return all;
    }
};

TEST_P(ParserTest, Ethernet) {
    const Bytes other =
        frame({Ether{.daddr = {1, 2, 3, 4, 5, 6}, .saddr = {7, 8, 9, 10, 11, 12}, .type = 0x88cc}, Bytes(50)});
    const auto packet = parse(other);
    EXPECT_EQ(named_headers(packet), ethernet);
    EXPECT_EQ(packet.ether_daddr_high, 0x0102);
    EXPECT_EQ(packet.ether_daddr_low, 0x03040506U);
    EXPECT_EQ(packet.ether_saddr_high, 0x0708);
    EXPECT_EQ(packet.ether_saddr_low, 0x090a0b0cU);
    EXPECT_EQ(packet.ether_type, 0x88cc);
    EXPECT_EQ(packet.network_proto, 0x88cc);
    EXPECT_EQ(packet.network_offset, 14);
    EXPECT_EQ(packet.length, counted(other));
}

// IEEE 802.3: a length where Ethernet II has the type.
TEST_P(ParserTest, LengthInsteadOfTypeIsNoNetworkHeader) {
    const auto packet = parse(frame({Ether{.type = 46}, Bytes(46)}));
    EXPECT_EQ(named_headers(packet), ethernet);
    EXPECT_EQ(packet.malformed, well_formed);
    EXPECT_EQ(packet.ether_type, 46);
}

TEST_P(ParserTest, VlanTag) {
    for (const auto tpid : std::to_array<std::uint16_t>({0x8100, 0x88a8})) {
        const Bytes tagged =
            frame({Ether{}, Vlan{.id = 0xabc, .priority = 5, .drop_eligible = true, .tpid = tpid}, Ipv4{}, Udp{}});
        const auto packet = parse(tagged);
        EXPECT_EQ(named_headers(packet), ipv4_l4 | XDPCTL_HEADER_VLAN | XDPCTL_HEADER_UDP);
        EXPECT_EQ(packet.ether_type, tpid);
        EXPECT_EQ(packet.vlan_tci[0], 0xbabc);
        EXPECT_EQ(packet.network_proto, 0x0800);
        EXPECT_EQ(packet.network_offset, 18);
        EXPECT_EQ(packet.transport_offset, 38);
        EXPECT_EQ(packet.length, counted(tagged, 4));
    }
}

TEST_P(ParserTest, TwoVlanTags) {
    const Bytes tagged = frame({Ether{}, Vlan{.id = 10, .tpid = 0x88a8}, Vlan{.id = 20}, Ipv6{}, Tcp{}});
    const auto packet = parse(tagged);
    EXPECT_EQ(named_headers(packet), ipv6_l4 | XDPCTL_HEADER_VLAN | XDPCTL_HEADER_QINQ | XDPCTL_HEADER_TCP);
    EXPECT_EQ(packet.ether_type, 0x88a8);
    EXPECT_EQ(packet.vlan_tci[0], 10);
    EXPECT_EQ(packet.vlan_tci[1], 20);
    EXPECT_EQ(packet.network_offset, 22);
    EXPECT_EQ(packet.length, counted(tagged, 4));
}

TEST_P(ParserTest, ThreeVlanTagsAreTooMany) {
    expect(frame({Ether{}, Vlan{}, Vlan{}, Vlan{}, Ipv4{}, Tcp{}}), ethernet | XDPCTL_HEADER_VLAN | XDPCTL_HEADER_QINQ,
           XDPCTL_MALFORMED_VLAN_DEPTH);
    expect(cut(frame({Ether{}, Vlan{}, Vlan{}, Vlan{}}), 22), ethernet | XDPCTL_HEADER_VLAN | XDPCTL_HEADER_QINQ,
           XDPCTL_MALFORMED_VLAN_DEPTH);
}

TEST_P(ParserTest, TruncatedVlanTag) {
    const Bytes tagged = frame({Ether{}, Vlan{}, Vlan{}, Ipv4{}});
    expect(cut(tagged, 17), ethernet, XDPCTL_MALFORMED_VLAN);
    expect(cut(tagged, 21), ethernet | XDPCTL_HEADER_VLAN, XDPCTL_MALFORMED_VLAN);
}

TEST_P(ParserTest, Arp) {
    const auto packet =
        parse(pad(frame({Ether{}, Arp{.operation = 2, .sender = "192.0.2.9", .target = "192.0.2.10"}})));
    EXPECT_EQ(named_headers(packet), ethernet | XDPCTL_HEADER_ARP);
    EXPECT_EQ(packet.arp_operation, 2);
    EXPECT_EQ(packet.saddr[0], 0xc0000209U);
    EXPECT_EQ(packet.daddr[0], 0xc000020aU);
}

TEST_P(ParserTest, ArpOfOtherAddressesHasNoFields) {
    expect(frame({Ether{}, Arp{.hardware_type = 6}}), ethernet);
    expect(frame({Ether{}, Arp{.protocol_type = 0x86dd}}), ethernet);
    expect(frame({Ether{}, Arp{.hardware_length = 8}}), ethernet);
    expect(frame({Ether{}, Arp{.protocol_length = 16}}), ethernet);
}

TEST_P(ParserTest, TruncatedArp) {
    const Bytes arp = frame({Ether{}, Arp{}});
    expect(cut(arp, 14 + 7), ethernet, XDPCTL_MALFORMED_ARP);
    expect(cut(arp, 14 + 27), ethernet, XDPCTL_MALFORMED_ARP);
    expect(cut(arp, 14 + 28), ethernet | XDPCTL_HEADER_ARP);
}

TEST_P(ParserTest, Ipv4) {
    const auto packet =
        parse(frame({Ether{}, Ipv4{.saddr = "203.0.113.5", .daddr = "192.0.2.77", .protocol = 50}, Bytes(8)}));
    EXPECT_EQ(named_headers(packet), ipv4_l4);
    EXPECT_EQ(packet.saddr[0], 0xcb007105U);
    EXPECT_EQ(packet.daddr[0], 0xc000024dU);
    EXPECT_EQ(packet.l4_proto, 50);
    EXPECT_EQ(packet.network_offset, 14);
    EXPECT_EQ(packet.transport_offset, 34);
}

TEST_P(ParserTest, Ipv4Options) {
    for (std::size_t size = 4; size <= 40; size += 4) {
        const auto packet = parse(frame({Ether{}, Ipv4{.options = Bytes(size, std::byte{1})}, Tcp{.dport = 22}}));
        EXPECT_EQ(named_headers(packet), ipv4_l4 | XDPCTL_HEADER_TCP);
        EXPECT_EQ(packet.dport, 22);
        EXPECT_EQ(packet.transport_offset, 34 + size);
    }
    const Bytes options = frame({Ether{}, Ipv4{.options = Bytes(40)}});
    expect(cut(options, options.size() - 1), ethernet, XDPCTL_MALFORMED_IPV4);
}

TEST_P(ParserTest, Ipv4LyingHeader) {
    for (std::uint8_t version = 0; version < 16; ++version)
        expect(frame({Ether{}, Ipv4{.version = version}, Tcp{}}), version == 4 ? ipv4_l4 | XDPCTL_HEADER_TCP : ethernet,
               version == 4 ? well_formed : XDPCTL_MALFORMED_IPV4);
    for (std::uint8_t words = 0; words < 5; ++words)
        expect(frame({Ether{}, Ipv4{.header_words = words}, Tcp{}}), ethernet, XDPCTL_MALFORMED_IPV4);
}

TEST_P(ParserTest, Ipv4LyingLength) {
    const auto with_length = [](std::uint16_t length) {
        return frame({Ether{}, Ipv4{.total_length = length}, Udp{}, Bytes(10)});
    };
    for (const auto length : std::to_array<std::uint16_t>({0, 1, 19, 39, 0xffff}))
        expect(with_length(length), ipv4, XDPCTL_MALFORMED_IPV4_LENGTH);
    expect(with_length(38), ipv4_l4 | XDPCTL_HEADER_UDP);
    expect(with_length(37), ipv4_l4 | XDPCTL_HEADER_UDP, XDPCTL_MALFORMED_UDP);
    expect(with_length(27), ipv4_l4, XDPCTL_MALFORMED_UDP);
    expect(with_length(20), ipv4_l4, XDPCTL_MALFORMED_UDP);
    expect(frame({Ether{}, Ipv4{.options = Bytes(4), .total_length = 23}, Udp{}}), ipv4, XDPCTL_MALFORMED_IPV4_LENGTH);
}

// The padding that Ethernet needs must not pass for a header that the packet lacks.
TEST_P(ParserTest, PaddingIsNotPartOfThePacket) {
    expect(pad(frame({Ether{}, Ipv4{}, Udp{}})), ipv4_l4 | XDPCTL_HEADER_UDP);
    expect(pad(frame({Ether{}, Ipv4{.protocol = 6}, Bytes(19)})), ipv4_l4, XDPCTL_MALFORMED_TCP);
    expect(pad(frame({Ether{}, Ipv6{.next_header = 17}, Bytes(7)}), 70), ipv6_l4, XDPCTL_MALFORMED_UDP);
}

TEST_P(ParserTest, Ipv4Fragments) {
    const Bytes first = frame({Ether{}, Ipv4{.more_fragments = true}, Udp{.dport = 53, .length = 4000}, Bytes(16)});
    const auto packet = parse(first);
    EXPECT_EQ(named_headers(packet), ipv4_l4 | XDPCTL_HEADER_FRAGMENT | XDPCTL_HEADER_UDP);
    EXPECT_EQ(packet.malformed, well_formed);
    EXPECT_EQ(packet.dport, 53);

    for (const bool more : {false, true})
        for (const auto offset : std::to_array<std::uint16_t>({1, 185, 0x1fff}))
            expect(frame({Ether{}, Ipv4{.protocol = 6, .fragment_offset = offset, .more_fragments = more}, Bytes(40)}),
                   ipv4_l4 | XDPCTL_HEADER_FRAGMENT);
    // The flags in the first fragment, the ports before them: too little to filter by.
    expect(frame({Ether{}, Ipv4{.protocol = 6, .more_fragments = true}, Bytes(8)}), ipv4_l4 | XDPCTL_HEADER_FRAGMENT,
           XDPCTL_MALFORMED_TCP);
    expect(frame({Ether{}, Ipv4{.dont_fragment = true}, Tcp{}}), ipv4_l4 | XDPCTL_HEADER_TCP);
}

TEST_P(ParserTest, Ipv6) {
    const auto packet = parse(frame({Ether{}, Ipv6{.saddr = "2001:db8:1:2:3:4:5:6", .daddr = "2001:db8:a:b:c:d:e:f"},
                                     Tcp{.sport = 1, .dport = 2}}));
    EXPECT_EQ(named_headers(packet), ipv6_l4 | XDPCTL_HEADER_TCP);
    EXPECT_EQ(packet.saddr[0], 0x20010db8U);
    EXPECT_EQ(packet.saddr[1], 0x00010002U);
    EXPECT_EQ(packet.saddr[2], 0x00030004U);
    EXPECT_EQ(packet.saddr[3], 0x00050006U);
    EXPECT_EQ(packet.daddr[0], 0x20010db8U);
    EXPECT_EQ(packet.daddr[1], 0x000a000bU);
    EXPECT_EQ(packet.daddr[2], 0x000c000dU);
    EXPECT_EQ(packet.daddr[3], 0x000e000fU);
    EXPECT_EQ(packet.ip6_nexthdr, 6);
    EXPECT_EQ(packet.l4_proto, 6);
    EXPECT_EQ(packet.transport_offset, 54);
}

TEST_P(ParserTest, Ipv6LyingHeader) {
    for (std::uint8_t version = 0; version < 16; ++version)
        expect(frame({Ether{}, Ipv6{.version = version}, Tcp{}}), version == 6 ? ipv6_l4 | XDPCTL_HEADER_TCP : ethernet,
               version == 6 ? well_formed : XDPCTL_MALFORMED_IPV6);
    const auto with_length = [](std::uint16_t length) {
        return frame({Ether{}, Ipv6{.payload_length = length}, Udp{}, Bytes(10)});
    };
    expect(with_length(18), ipv6_l4 | XDPCTL_HEADER_UDP);
    expect(with_length(19), ipv6, XDPCTL_MALFORMED_IPV6_LENGTH);
    expect(with_length(0xffff), ipv6, XDPCTL_MALFORMED_IPV6_LENGTH);
    expect(with_length(7), ipv6_l4, XDPCTL_MALFORMED_UDP);
    expect(with_length(0), ipv6_l4, XDPCTL_MALFORMED_UDP);
}

TEST_P(ParserTest, Ipv6ExtensionsOfEveryKind) {
    for (const auto protocol : std::to_array<std::uint8_t>({0, 43, 51, 60, 135, 139, 140}))
        for (const std::size_t size : {8, 16, 24, 264, 1024, 2048}) {
            if (protocol == 51 && size > 1028)
                continue;  // more than its length field can say
            const auto packet =
                parse(frame({Ether{}, Ipv6{}, Extension{.protocol = protocol, .size = size}, Tcp{.dport = 22}}));
            EXPECT_EQ(named_headers(packet), ipv6_l4 | XDPCTL_HEADER_TCP);
            EXPECT_EQ(packet.ip6_nexthdr, protocol);
            EXPECT_EQ(packet.l4_proto, 6);
            EXPECT_EQ(packet.dport, 22);
            EXPECT_EQ(packet.transport_offset, 54 + size);
        }
    const auto authenticated = parse(frame({Ether{}, Ipv6{}, Extension{.protocol = 51, .size = 28}, Udp{}}));
    EXPECT_EQ(authenticated.transport_offset, 54 + 28);
}

TEST_P(ParserTest, Ipv6ExtensionChain) {
    for (std::size_t count = 1; count <= XDPCTL_IPV6_EXTENSIONS_MAX + 2; ++count) {
        std::vector<Layer> layers{Ether{}, Vlan{}, Ipv6{}};
        for (std::size_t i = 0; i < count; ++i)
            layers.emplace_back(Extension{.size = 8 + 8 * i});
        layers.emplace_back(Sctp{.dport = 1000});
        const auto packet = parse(frame(layers));
        const bool fits = count <= XDPCTL_IPV6_EXTENSIONS_MAX;
        EXPECT_EQ(named_headers(packet), XDPCTL_HEADER_VLAN | (fits ? ipv6_l4 | XDPCTL_HEADER_SCTP : ipv6));
        EXPECT_EQ(packet.malformed, fits ? well_formed : XDPCTL_MALFORMED_IPV6_DEPTH);
        if (fits) {
            EXPECT_EQ(packet.dport, 1000);
        }
    }
}

TEST_P(ParserTest, Ipv6LongestExtensionChain) {
    std::vector<Layer> layers{Ether{}, Vlan{}, Vlan{}, Ipv6{}};
    for (int i = 0; i < XDPCTL_IPV6_EXTENSIONS_MAX; ++i)
        layers.emplace_back(Extension{.size = 392});
    layers.emplace_back(Tcp{.dport = 443});
    const auto packet = parse(frame(layers));
    EXPECT_EQ(packet.malformed, well_formed);
    EXPECT_EQ(packet.dport, 443);
}

TEST_P(ParserTest, Ipv6LyingExtension) {
    expect(frame({Ether{}, Ipv6{}, Extension{.length = 4}, Tcp{}}), ipv6, XDPCTL_MALFORMED_IPV6_EXTENSION);
    expect(frame({Ether{}, Ipv6{}, Extension{.length = 255}, Tcp{}}), ipv6, XDPCTL_MALFORMED_IPV6_EXTENSION);
    // A chain that ends by pointing at the packet's end.
    expect(frame({Ether{}, Ipv6{}, Extension{.next_header = 60}}), ipv6, XDPCTL_MALFORMED_IPV6_EXTENSION);
    expect(frame({Ether{}, Ipv6{}, Extension{.next_header = 6}}), ipv6_l4, XDPCTL_MALFORMED_TCP);
    expect(frame({Ether{}, Ipv6{}, Extension{.next_header = 59}}), ipv6_l4);
}

TEST_P(ParserTest, Ipv6Fragments) {
    const auto first =
        parse(frame({Ether{}, Ipv6{}, Fragment{.more = true}, Udp{.dport = 53, .length = 4000}, Bytes(16)}));
    EXPECT_EQ(named_headers(first), ipv6_l4 | XDPCTL_HEADER_FRAGMENT | XDPCTL_HEADER_UDP);
    EXPECT_EQ(first.malformed, well_formed);
    EXPECT_EQ(first.dport, 53);

    // What looks like another extension header is payload of a later fragment.
    for (const auto next : std::to_array<std::uint8_t>({6, 17, 60, 44}))
        for (const bool more : {false, true}) {
            const auto later = parse(frame(
                {Ether{}, Ipv6{}, Extension{}, Fragment{.offset = 1, .more = more, .next_header = next}, Bytes(40)}));
            EXPECT_EQ(named_headers(later), ipv6_l4 | XDPCTL_HEADER_FRAGMENT);
            EXPECT_EQ(later.l4_proto, next);
            EXPECT_EQ(later.malformed, well_formed);
        }
    expect(frame({Ether{}, Ipv6{}, Fragment{}, Tcp{}}), ipv6_l4 | XDPCTL_HEADER_TCP);  // atomic
}

// RFC 2675: a payload length of 0 in front of hop-by-hop options.
TEST_P(ParserTest, JumbogramEndsWithTheFrame) {
    const auto packet =
        parse(frame({Ether{}, Ipv6{.payload_length = 0}, Extension{.protocol = 0}, Tcp{.dport = 22}, Bytes(100)}));
    EXPECT_EQ(named_headers(packet), ipv6_l4 | XDPCTL_HEADER_TCP);
    EXPECT_EQ(packet.dport, 22);
}

TEST_P(ParserTest, Tcp) {
    const auto packet = parse(frame({Ether{}, Ipv4{}, Tcp{.sport = 0xfffe, .dport = 0x0102, .flags = 0xa5}}));
    EXPECT_EQ(named_headers(packet), ipv4_l4 | XDPCTL_HEADER_TCP);
    EXPECT_EQ(packet.sport, 0xfffe);
    EXPECT_EQ(packet.dport, 0x0102);
    EXPECT_EQ(packet.tcp_flags, 0xa5);
    for (std::size_t size = 4; size <= 40; size += 4)
        expect(frame({Ether{}, Ipv4{}, Tcp{.options = Bytes(size)}}), ipv4_l4 | XDPCTL_HEADER_TCP);
}

TEST_P(ParserTest, TcpLyingDataOffset) {
    for (std::uint8_t words = 0; words < 16; ++words)
        expect(frame({Ether{}, Ipv4{}, Tcp{.header_words = words}, Bytes(12)}), ipv4_l4 | XDPCTL_HEADER_TCP,
               words >= 5 && words <= 8 ? well_formed : XDPCTL_MALFORMED_TCP);
}

TEST_P(ParserTest, UdpLyingLength) {
    const auto packet = parse(frame({Ether{}, Ipv6{}, Udp{.sport = 67, .dport = 68}, Bytes(5)}));
    EXPECT_EQ(packet.sport, 67);
    EXPECT_EQ(packet.dport, 68);
    for (std::uint16_t length = 0; length < 32; ++length)
        expect(frame({Ether{}, Ipv4{}, Udp{.length = length}, Bytes(12)}), ipv4_l4 | XDPCTL_HEADER_UDP,
               length >= 8 && length <= 20 ? well_formed : XDPCTL_MALFORMED_UDP);
}

TEST_P(ParserTest, Sctp) {
    const auto packet = parse(frame({Ether{}, Ipv4{}, Sctp{.sport = 5, .dport = 6}}));
    EXPECT_EQ(named_headers(packet), ipv4_l4 | XDPCTL_HEADER_SCTP);
    EXPECT_EQ(packet.sport, 5);
    EXPECT_EQ(packet.dport, 6);
}

TEST_P(ParserTest, IcmpBelongsToItsFamily) {
    const auto icmp = parse(frame({Ether{}, Ipv4{}, Icmp{.type = 3, .code = 4}}));
    EXPECT_EQ(named_headers(icmp), ipv4_l4 | XDPCTL_HEADER_ICMP);
    EXPECT_EQ(icmp.icmp_type, 3);
    EXPECT_EQ(icmp.icmp_code, 4);
    const auto icmpv6 = parse(frame({Ether{}, Ipv6{}, Icmpv6{.type = 1, .code = 3}}));
    EXPECT_EQ(named_headers(icmpv6), ipv6_l4 | XDPCTL_HEADER_ICMPV6);
    EXPECT_EQ(icmpv6.icmp_type, 1);
    EXPECT_EQ(icmpv6.icmp_code, 3);
    expect(frame({Ether{}, Ipv6{}, Icmp{}}), ipv6_l4);
    expect(frame({Ether{}, Ipv4{}, Icmpv6{}}), ipv4_l4);
}

std::vector<Bytes> samples() {
    return {
        frame({Ether{}, Arp{}, Bytes(10)}),
        frame({Ether{}, Ipv4{}, Tcp{.options = Bytes(8)}, Bytes(5)}),
        frame({Ether{}, Vlan{}, Ipv4{.options = Bytes(12)}, Udp{}, Bytes(5)}),
        frame({Ether{}, Vlan{.tpid = 0x88a8}, Vlan{}, Ipv4{}, Icmp{}, Bytes(5)}),
        frame({Ether{}, Vlan{}, Vlan{}, Vlan{}, Ipv4{}, Udp{}}),
        frame({Ether{}, Ipv4{.more_fragments = true}, Udp{.length = 2000}, Bytes(24)}),
        frame({Ether{}, Ipv4{.fragment_offset = 3}, Udp{}, Bytes(24)}),
        frame({Ether{}, Ipv4{}, Sctp{}, Bytes(16)}),
        frame({Ether{}, Ipv6{}, Tcp{.options = Bytes(4)}, Bytes(5)}),
        frame({Ether{}, Vlan{}, Ipv6{}, Icmpv6{}, Bytes(5)}),
        frame({Ether{}, Vlan{}, Arp{}}),
        frame({Ether{}, Ipv6{}, Extension{.protocol = 0}, Extension{.protocol = 43, .size = 24},
               Extension{.protocol = 51, .size = 20}, Fragment{}, Udp{}, Bytes(5)}),
        frame({Ether{}, Ipv6{}, Extension{}, Fragment{.offset = 9, .more = true, .next_header = 6}, Bytes(20)}),
        frame({Ether{}, Ipv6{.payload_length = 0}, Extension{.protocol = 0}, Udp{}, Bytes(5)}),
        frame({Ether{}, Ipv6{}, Extension{}, Extension{}, Extension{}, Extension{}, Extension{}, Extension{},
               Extension{}, Extension{}, Extension{}, Tcp{}}),
    };
}

// Length fields say what they said: the frame is cut.
TEST_P(ParserTest, FramesThatEndAnywhere) {
    for (const Bytes& whole : samples())
        for (std::size_t size = 15; size <= whole.size(); ++size)
            parse_if_taken(cut(whole, size));
}

void shrink_ip_length(Bytes& frame, std::size_t network_offset, std::size_t size) {
    const bool ipv4_header = frame[network_offset] >> 4 == std::byte{4};
    const std::size_t length = size - network_offset - (ipv4_header ? 0 : 40);
    const std::size_t field = network_offset + (ipv4_header ? 2 : 4);
    frame[field] = static_cast<std::byte>(length >> 8);
    frame[field + 1] = static_cast<std::byte>(length & 0xff);
}

// Length fields follow: what is missing behind the IP header is no more a lie of the IP header. Padding may follow.
TEST_P(ParserTest, PacketsThatEndAnywhere) {
    for (const Bytes& whole : samples()) {
        const auto reference = parse_reference(whole, ruleset::Hook::Ingress);
        if ((reference.headers & (XDPCTL_HEADER_IPV4 | XDPCTL_HEADER_IPV6)) == 0)
            continue;
        const std::size_t header = (reference.headers & XDPCTL_HEADER_IPV4) != 0 ? 20 : 40;
        for (std::size_t size = reference.network_offset + header; size < whole.size(); ++size) {
            Bytes shorter = cut(whole, size);
            shrink_ip_length(shorter, reference.network_offset, size);
            parse(shorter);
            parse(pad(shorter, size + 7));
        }
    }
}

// A few bytes of good frames changed at random, mostly where headers are.
TEST_P(ParserTest, RandomChanges) {
    std::mt19937 random(7);  // NOLINT(bugprone-random-generator-seed): the same frames every time
    const auto below = [&](std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
    };
    const auto frames = samples();
    for (int i = 0; i < 20000 && !HasFailure(); ++i) {
        Bytes changed = frames[below(frames.size())];
        for (std::size_t changes = 1 + below(4); changes != 0; --changes)
            changed[12 + below(std::min<std::size_t>(changed.size() - 12, 80))] = static_cast<std::byte>(below(256));
        parse_if_taken(below(4) == 0 ? cut(changed, 15 + below(changed.size() - 14)) : changed);
    }
}

std::string layer_name(const testing::TestParamInfo<Kernel>& layer) {
    return layer.param == Kernel::Xdp ? "Xdp" : layer.param == Kernel::TcIngress ? "TcIngress" : "TcEgress";
}

INSTANTIATE_TEST_SUITE_P(Layers, ParserTest, testing::Values(Kernel::Xdp, Kernel::TcIngress, Kernel::TcEgress),
                         layer_name);

// Frames as only a driver hands them to XDP: without a classifier, so the entry's own account tells of them.
class XdpFrameTest : public testing::Test {
protected:
    void SetUp() override {
        maps_ = kernel::ChainMaps::create();
        ASSERT_TRUE(maps_.has_value()) << maps_.error().text();
        datapath_ = kernel::Datapath::create(Kernel::Xdp, *maps_);
        ASSERT_TRUE(datapath_.has_value()) << datapath_.error().text();
        entry_ = datapath_->open_entry(DeviceSlot{0});
        ASSERT_TRUE(entry_.has_value()) << entry_.error().text();
        program_ = entry_->load();
        ASSERT_TRUE(program_.has_value()) << program_.error().text();
    }

    // With only the first bytes in the linear part. None if the kernel cannot do that.
    std::optional<xdpctl_packet> parse(const Bytes& bytes, std::size_t linear) {
        const auto cpu = testrun::PinnedCpu::current();
        if (!cpu)
            throw std::runtime_error(cpu.error().text());
        xdp_md context{};
        context.data_end = static_cast<std::uint32_t>(linear);
        LIBBPF_OPTS(bpf_test_run_opts, options);
        options.data_in = bytes.data();
        options.data_size_in = static_cast<std::uint32_t>(bytes.size());
        options.ctx_in = &context;
        options.ctx_size_in = sizeof(context);
        if (bpf_prog_test_run_opts(*program_, &options) != 0)
            return std::nullopt;
        return datapath_->last_packet(cpu->number()).value();
    }

    Result<kernel::ChainMaps> maps_;
    Result<kernel::Datapath> datapath_;
    Result<kernel::EntryObject> entry_ = std::unexpected(Error{});
    Result<int> program_;
};

TEST_F(XdpFrameTest, HeadersBeyondTheLinearPart) {
    const Bytes tcp = frame({Ether{}, Ipv6{}, Extension{}, Tcp{}, Bytes(100)});
    constexpr std::size_t needed = 14 + 40 + 8 + 20;
    for (std::size_t linear = 14; linear <= tcp.size(); ++linear) {
        const auto packet = parse(tcp, linear);
        if (!packet)
            GTEST_SKIP() << "test runs of this kernel cannot put a small frame into fragments";
        EXPECT_EQ(packet->malformed, linear < needed ? XDPCTL_MALFORMED_NONLINEAR : well_formed) << linear;
        EXPECT_EQ(packet->length, tcp.size() - 14);
        EXPECT_EQ((packet->headers & XDPCTL_HEADER_TCP) != 0, linear >= needed) << linear;
    }
    // Truncated all the same: the frame ends before the header does.
    const auto truncated = parse(cut(frame({Ether{}, Ipv4{}, Bytes(100)}), 30), 20);
    EXPECT_EQ(truncated->malformed, XDPCTL_MALFORMED_IPV4);
}

// Payload in fragments is no fault: lengths count the whole frame.
TEST_F(XdpFrameTest, PayloadBeyondTheLinearPart) {
    const Bytes large = frame({Ether{}, Ipv4{}, Udp{}, Bytes(9000)});
    const auto packet = parse(large, large.size());
    if (!packet)
        GTEST_SKIP() << "test runs of this kernel take no frame of several buffers";
    EXPECT_EQ(packet->malformed, well_formed);
    EXPECT_EQ(packet->length, large.size() - 14);
    EXPECT_NE(packet->headers & XDPCTL_HEADER_UDP, 0U);
}

// As the kernel builds them (BIG TCP) and RFC 2675 has them: longer than 16 bits can say, so the fields say 0.
TEST_F(XdpFrameTest, PacketsTooLongForTheirLengthFields) {
    const auto expect = [&](const std::vector<Layer>& layers, std::uint32_t headers) {
        const Bytes large = frame(layers);
        const auto packet = parse(large, large.size());
        if (!packet)
            GTEST_SKIP() << "test runs of this kernel take no frame as long";
        EXPECT_EQ(packet->malformed, well_formed);
        EXPECT_EQ(named_headers(*packet), headers);
        EXPECT_EQ(packet->length, large.size() - 14);
    };
    expect({Ether{}, Ipv4{.total_length = 0}, Tcp{}, Bytes(65536)}, ipv4_l4 | XDPCTL_HEADER_TCP);
    expect({Ether{}, Ipv6{.payload_length = 0}, Tcp{}, Bytes(65536)}, ipv6_l4 | XDPCTL_HEADER_TCP);
    expect({Ether{}, Ipv6{.payload_length = 0}, Udp{.length = 0}, Bytes(65536)}, ipv6_l4 | XDPCTL_HEADER_UDP);
}

}  // namespace
}  // namespace xdpctl::test
