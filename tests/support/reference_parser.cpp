// SPDX-License-Identifier: BSD-2-Clause
#include "support/reference_parser.h"

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <set>

namespace xdpctl::test {

namespace {

class Reader {
public:
    explicit Reader(std::span<const std::byte> frame) : frame_(frame) {}

    [[nodiscard]] std::size_t size() const { return frame_.size(); }
    [[nodiscard]] std::uint8_t u8(std::size_t at) const { return std::to_integer<std::uint8_t>(frame_[at]); }
    [[nodiscard]] std::uint16_t u16(std::size_t at) const {
        return static_cast<std::uint16_t>((u8(at) << 8) | u8(at + 1));
    }
    [[nodiscard]] std::uint32_t u32(std::size_t at) const {
        return (static_cast<std::uint32_t>(u16(at)) << 16) | u16(at + 2);
    }

private:
    std::span<const std::byte> frame_;
};

// Thrown where the packet stops making sense.
struct Malformed {
    xdpctl_reason reason;
};

class Parser {
public:
    Parser(std::span<const std::byte> frame, ruleset::Hook hook) : frame_(frame), hook_(hook) {}

    xdpctl_packet parse() {
        packet_.length = static_cast<std::uint32_t>(frame_.size());
        try {
            parse_ethernet();
        } catch (const Malformed& malformed) {
            packet_.malformed = static_cast<std::uint8_t>(malformed.reason);
        }
        return packet_;
    }

private:
    void found(xdpctl_header header) { packet_.headers |= static_cast<std::uint32_t>(header); }

    // The nftables ingress hook does not see the Ethernet header and the outer tag.
    void uncount(std::uint32_t bytes) {
        if (hook_ == ruleset::Hook::Ingress)
            packet_.length -= bytes;
    }

    static void require(bool condition, xdpctl_reason reason) {
        if (!condition)
            throw Malformed{reason};
    }

    void parse_ethernet() {
        require(frame_.size() >= 14, XDPCTL_MALFORMED_ETHERNET);
        found(XDPCTL_HEADER_ETHERNET);
        uncount(14);
        packet_.ether_daddr_high = frame_.u16(0);
        packet_.ether_daddr_low = frame_.u32(2);
        packet_.ether_saddr_high = frame_.u16(6);
        packet_.ether_saddr_low = frame_.u32(8);
        packet_.ether_type = frame_.u16(12);

        std::size_t at = 14;
        std::uint16_t type = packet_.ether_type;
        for (int tags = 0; type == 0x8100 || type == 0x88a8; ++tags, at += 4) {
            require(tags < 2, XDPCTL_MALFORMED_VLAN_DEPTH);
            require(frame_.size() >= at + 4, XDPCTL_MALFORMED_VLAN);
            found(tags == 0 ? XDPCTL_HEADER_VLAN : XDPCTL_HEADER_QINQ);
            packet_.vlan_tci[tags] = frame_.u16(at);
            if (tags == 0)
                uncount(4);
            type = frame_.u16(at + 2);
        }
        found(XDPCTL_HEADER_NETWORK);
        packet_.network_proto = type;
        packet_.network_offset = static_cast<std::uint16_t>(at);
        if (type == 0x0800)
            parse_ipv4(at);
        if (type == 0x86dd)
            parse_ipv6(at);
        if (type == 0x0806)
            parse_arp(at);
    }

    void parse_arp(std::size_t at) {
        require(frame_.size() >= at + 8, XDPCTL_MALFORMED_ARP);
        found(XDPCTL_HEADER_ARP_FIXED);
        const bool ipv4_over_ethernet =
            frame_.u16(at) == 1 && frame_.u16(at + 2) == 0x0800 && frame_.u8(at + 4) == 6 && frame_.u8(at + 5) == 4;
        if (!ipv4_over_ethernet)
            return;
        require(frame_.size() >= at + 28, XDPCTL_MALFORMED_ARP);
        found(XDPCTL_HEADER_ARP);
        packet_.arp_operation = frame_.u16(at + 6);
        packet_.saddr[0] = frame_.u32(at + 14);
        packet_.daddr[0] = frame_.u32(at + 24);
    }

    void parse_ipv4(std::size_t at) {
        require(frame_.size() >= at + 20, XDPCTL_MALFORMED_IPV4);
        const std::size_t header = (frame_.u8(at) & 0xfU) * 4;
        require(frame_.u8(at) >> 4 == 4 && header >= 20 && frame_.size() >= at + header, XDPCTL_MALFORMED_IPV4);
        found(XDPCTL_HEADER_IPV4);
        packet_.saddr[0] = frame_.u32(at + 12);
        packet_.daddr[0] = frame_.u32(at + 16);
        packet_.l4_proto = frame_.u8(at + 9);

        const std::size_t total = frame_.u16(at + 2);
        require(total >= header && at + total <= frame_.size(), XDPCTL_MALFORMED_IPV4_LENGTH);
        const unsigned offset = frame_.u16(at + 6) & 0x1fffU;
        const bool more = (frame_.u16(at + 6) & 0x2000U) != 0;
        if (offset != 0 || more)
            found(XDPCTL_HEADER_FRAGMENT);
        parse_transport(at + header, at + total, offset != 0);
    }

    void parse_ipv6(std::size_t at) {
        require(frame_.size() >= at + 40 && frame_.u8(at) >> 4 == 6, XDPCTL_MALFORMED_IPV6);
        found(XDPCTL_HEADER_IPV6);
        for (std::size_t i = 0; i < 4; ++i) {
            packet_.saddr[i] = frame_.u32(at + 8 + 4 * i);
            packet_.daddr[i] = frame_.u32(at + 24 + 4 * i);
        }
        packet_.ip6_nexthdr = frame_.u8(at + 6);

        std::size_t end = at + 40 + frame_.u16(at + 4);
        if (end == at + 40 && packet_.ip6_nexthdr == 0)
            end = frame_.size();  // jumbogram
        require(end <= frame_.size(), XDPCTL_MALFORMED_IPV6_LENGTH);
        at += 40;

        static const std::set<std::uint8_t> extensions{0, 43, 44, 51, 60, 135, 139, 140};
        bool later_fragment = false;
        packet_.l4_proto = packet_.ip6_nexthdr;
        for (int count = 1; extensions.contains(packet_.l4_proto) && !later_fragment; ++count) {
            require(count <= XDPCTL_IPV6_EXTENSIONS_MAX, XDPCTL_MALFORMED_IPV6_DEPTH);
            require(at + 8 <= end, XDPCTL_MALFORMED_IPV6_EXTENSION);
            meet(packet_.l4_proto, at);
            std::size_t size = (frame_.u8(at + 1) + 1U) * 8;
            if (packet_.l4_proto == 51)
                size = (frame_.u8(at + 1) + 2U) * 4;
            if (packet_.l4_proto == 44) {
                size = 8;
                later_fragment = (frame_.u16(at + 2) & 0xfff8U) != 0;
                if ((frame_.u16(at + 2) & 0xfff9U) != 0)
                    found(XDPCTL_HEADER_FRAGMENT);
            }
            require(at + size <= end, XDPCTL_MALFORMED_IPV6_EXTENSION);
            packet_.l4_proto = frame_.u8(at);
            at += size;
        }
        parse_transport(at, end, later_fragment);
    }

    void meet(std::uint8_t extension, std::size_t at) {
        static const std::map<std::uint8_t, xdpctl_header> known{{0, XDPCTL_HEADER_HOP_OPTIONS},
                                                                 {43, XDPCTL_HEADER_ROUTING},
                                                                 {44, XDPCTL_HEADER_IPV6_FRAGMENT},
                                                                 {60, XDPCTL_HEADER_DESTINATION_OPTIONS},
                                                                 {135, XDPCTL_HEADER_MOBILITY}};
        if (known.contains(extension))
            found(known.at(extension));
        if (extension == 44)
            packet_.fragment_offset = static_cast<std::uint16_t>(at);
    }

    void parse_transport(std::size_t at, std::size_t end, bool later_fragment) {
        found(XDPCTL_HEADER_L4PROTO);
        packet_.transport_offset = static_cast<std::uint16_t>(at);
        if (later_fragment)
            return;
        found(XDPCTL_HEADER_TRANSPORT);
        const bool ipv4 = (packet_.headers & XDPCTL_HEADER_IPV4) != 0;
        static const std::map<std::uint8_t, std::size_t> others{{2, 8},   {33, 12}, {50, 8},
                                                                {51, 12}, {108, 4}, {136, 8}};
        if (const auto other = others.find(packet_.l4_proto); other != others.end() && at + other->second <= end)
            found(XDPCTL_HEADER_OTHER_TRANSPORT);
        switch (packet_.l4_proto) {
        case 6:
            require(at + 20 <= end, XDPCTL_MALFORMED_TCP);
            found(XDPCTL_HEADER_TCP);
            ports(at);
            packet_.tcp_flags = frame_.u8(at + 13);
            require(frame_.u8(at + 12) >> 4 >= 5 && at + (frame_.u8(at + 12) >> 4) * 4U <= end, XDPCTL_MALFORMED_TCP);
            return;
        case 17:
            require(at + 8 <= end, XDPCTL_MALFORMED_UDP);
            found(XDPCTL_HEADER_UDP);
            ports(at);
            require(frame_.u16(at + 4) >= 8, XDPCTL_MALFORMED_UDP);
            // The first fragment of a datagram has the length of the whole.
            if ((packet_.headers & XDPCTL_HEADER_FRAGMENT) == 0)
                require(at + frame_.u16(at + 4) <= end, XDPCTL_MALFORMED_UDP);
            return;
        case 132:
            require(at + 12 <= end, XDPCTL_MALFORMED_SCTP);
            found(XDPCTL_HEADER_SCTP);
            ports(at);
            return;
        case 1:
        case 58:
            if (ipv4 != (packet_.l4_proto == 1))
                return;
            require(at + 8 <= end, XDPCTL_MALFORMED_ICMP);
            found(ipv4 ? XDPCTL_HEADER_ICMP : XDPCTL_HEADER_ICMPV6);
            packet_.icmp_type = frame_.u8(at);
            packet_.icmp_code = frame_.u8(at + 1);
            return;
        default:
            return;
        }
    }

    void ports(std::size_t at) {
        packet_.sport = frame_.u16(at);
        packet_.dport = frame_.u16(at + 2);
    }

    Reader frame_;
    ruleset::Hook hook_;
    xdpctl_packet packet_{};
};

class Comparison {
public:
    Comparison(const xdpctl_packet& expected, const xdpctl_packet& actual) : expected_(expected), actual_(actual) {}

    // A field that counts when the expected packet has one of the headers.
    template <typename Member>
    void compare(const char* name, Member xdpctl_packet::* member, std::uint32_t headers) {
        if ((expected_.headers & headers) != 0)
            note(name, expected_.*member, actual_.*member);
    }
    void note(const char* name, std::uint32_t expected, std::uint32_t actual) {
        if (expected != actual)
            text_ += fmt::format("{}: expected {:#x}, got {:#x}\n", name, expected, actual);
    }
    void addresses(std::size_t words) {
        for (std::size_t i = 0; i < words; ++i) {
            note("saddr", expected_.saddr[i], actual_.saddr[i]);
            note("daddr", expected_.daddr[i], actual_.daddr[i]);
        }
    }
    [[nodiscard]] std::string text() const { return text_; }

private:
    const xdpctl_packet& expected_;
    const xdpctl_packet& actual_;
    std::string text_;
};

}  // namespace

xdpctl_packet parse_reference(std::span<const std::byte> frame, ruleset::Hook hook) {
    return Parser(frame, hook).parse();
}

std::string differences(const xdpctl_packet& expected, const xdpctl_packet& actual) {
    constexpr std::uint32_t ports = XDPCTL_HEADER_TCP | XDPCTL_HEADER_UDP | XDPCTL_HEADER_SCTP;
    constexpr std::uint32_t icmp = XDPCTL_HEADER_ICMP | XDPCTL_HEADER_ICMPV6;
    Comparison fields(expected, actual);
    fields.note("headers", expected.headers, actual.headers);
    fields.note("length", expected.length, actual.length);
    fields.note("malformed", expected.malformed, actual.malformed);
    fields.compare("ether_saddr_low", &xdpctl_packet::ether_saddr_low, XDPCTL_HEADER_ETHERNET);
    fields.compare("ether_saddr_high", &xdpctl_packet::ether_saddr_high, XDPCTL_HEADER_ETHERNET);
    fields.compare("ether_daddr_low", &xdpctl_packet::ether_daddr_low, XDPCTL_HEADER_ETHERNET);
    fields.compare("ether_daddr_high", &xdpctl_packet::ether_daddr_high, XDPCTL_HEADER_ETHERNET);
    fields.compare("ether_type", &xdpctl_packet::ether_type, XDPCTL_HEADER_ETHERNET);
    if ((expected.headers & XDPCTL_HEADER_VLAN) != 0)
        fields.note("vlan_tci[0]", expected.vlan_tci[0], actual.vlan_tci[0]);
    if ((expected.headers & XDPCTL_HEADER_QINQ) != 0)
        fields.note("vlan_tci[1]", expected.vlan_tci[1], actual.vlan_tci[1]);
    if (expected.network_offset != 0) {  // the tags were complete
        fields.note("network_proto", expected.network_proto, actual.network_proto);
        fields.note("network_offset", expected.network_offset, actual.network_offset);
    }
    if ((expected.headers & XDPCTL_HEADER_ARP) != 0)
        fields.note("arp_operation", expected.arp_operation, actual.arp_operation);
    if ((expected.headers & XDPCTL_HEADER_IPV6_FRAGMENT) != 0)
        fields.note("fragment_offset", expected.fragment_offset, actual.fragment_offset);
    if ((expected.headers & (XDPCTL_HEADER_ARP | XDPCTL_HEADER_IPV4)) != 0)
        fields.addresses(1);
    if ((expected.headers & XDPCTL_HEADER_IPV6) != 0)
        fields.addresses(4);
    fields.compare("ip6_nexthdr", &xdpctl_packet::ip6_nexthdr, XDPCTL_HEADER_IPV6);
    fields.compare("l4_proto", &xdpctl_packet::l4_proto, XDPCTL_HEADER_IPV4 | XDPCTL_HEADER_L4PROTO);
    fields.compare("transport_offset", &xdpctl_packet::transport_offset, XDPCTL_HEADER_L4PROTO);
    fields.compare("sport", &xdpctl_packet::sport, ports);
    fields.compare("dport", &xdpctl_packet::dport, ports);
    fields.compare("tcp_flags", &xdpctl_packet::tcp_flags, XDPCTL_HEADER_TCP);
    fields.compare("icmp_type", &xdpctl_packet::icmp_type, icmp);
    fields.compare("icmp_code", &xdpctl_packet::icmp_code, icmp);
    return fields.text();
}

}  // namespace xdpctl::test
