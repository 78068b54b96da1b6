// SPDX-License-Identifier: BSD-2-Clause
#include "packet/describe.h"

#include <fmt/format.h>
#include <netinet/in.h>

#include "lang/value.h"
#include "ruleset/field.h"

namespace xdpctl::packet {

namespace {

using ruleset::Value;
using ruleset::ValueType;

class Description {
public:
    Description(const xdpctl_packet& parsed, std::span<const std::byte> frame, std::size_t length)
        : parsed_(parsed), frame_(frame), length_(length) {}

    std::string text() {
        head();
        tags();
        if (has(XDPCTL_HEADER_IPV4) || has(XDPCTL_HEADER_IPV6)) {
            fragment();
            append(" length {}", length_ - parsed_.network_offset);
        }
        return std::move(out_);
    }

private:
    template <typename... Args>
    void append(fmt::format_string<Args...> format, Args&&... args) {
        fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
    }

    [[nodiscard]] bool has(xdpctl_header header) const { return (parsed_.headers & header) != 0; }

    [[nodiscard]] std::string address(const __u32 (&words)[4]) const {
        if (!has(XDPCTL_HEADER_IPV6))
            return lang::format_plain(ValueType::Ipv4Addr, words[0]);
        Value value = 0;
        for (const __u32 word : words)
            value = value << 32U | word;
        return lang::format_plain(ValueType::Ipv6Addr, value);
    }
    [[nodiscard]] std::string endpoint(const __u32 (&words)[4], std::uint16_t port) const {
        return fmt::format(fmt::runtime(has(XDPCTL_HEADER_IPV6) ? "[{}]:{}" : "{}:{}"), address(words), port);
    }
    [[nodiscard]] std::string arrow() const { return address(parsed_.saddr) + " > " + address(parsed_.daddr); }

    void head() {
        if (has(XDPCTL_HEADER_TCP))
            append("tcp {} flags {}", ports(), flags());
        else if (has(XDPCTL_HEADER_UDP))
            append("udp {}", ports());
        else if (has(XDPCTL_HEADER_SCTP))
            append("sctp {}", ports());
        else if (has(XDPCTL_HEADER_ICMP))
            append("icmp {}", message(ValueType::IcmpType));
        else if (has(XDPCTL_HEADER_ICMPV6))
            append("icmpv6 {}", message(ValueType::Icmpv6Type));
        else if (has(XDPCTL_HEADER_ARP))
            append("arp {} {}", parsed_.arp_operation, arrow());
        else if (has(XDPCTL_HEADER_IPV4))
            append("ip {} protocol {}", arrow(), lang::format_value(ValueType::InetProto, parsed_.l4_proto));
        else if (has(XDPCTL_HEADER_IPV6))
            append("ip6 {} protocol {}", arrow(),
                   lang::format_value(ValueType::InetProto,
                                      has(XDPCTL_HEADER_L4PROTO) ? parsed_.l4_proto : parsed_.ip6_nexthdr));
        else if (has(XDPCTL_HEADER_ETHERNET))
            append("ether {} > {} type 0x{:04x}", ether(parsed_.ether_saddr_high, parsed_.ether_saddr_low),
                   ether(parsed_.ether_daddr_high, parsed_.ether_daddr_low), parsed_.network_proto);
        else
            append("a frame of {} bytes", length_);
    }

    static std::string ether(std::uint16_t high, std::uint32_t low) {
        return lang::format_plain(ValueType::EtherAddr, Value{high} << 32U | low);
    }

    [[nodiscard]] std::string ports() const {
        return endpoint(parsed_.saddr, parsed_.sport) + " > " + endpoint(parsed_.daddr, parsed_.dport);
    }
    [[nodiscard]] std::string message(ValueType type) const {
        std::string out = fmt::format("{} type {}", arrow(), lang::format_value(type, parsed_.icmp_type));
        if (parsed_.icmp_code != 0)
            out += fmt::format(" code {}", parsed_.icmp_code);
        return out;
    }
    [[nodiscard]] std::string flags() const {
        std::string names;
        for (unsigned bit = 1; bit <= 0x80; bit <<= 1U) {
            if ((parsed_.tcp_flags & bit) == 0)
                continue;
            names += names.empty() ? "" : ",";
            names += lang::format_value(ValueType::TcpFlag, bit);
        }
        return names.empty() ? "none" : names;
    }

    void tags() {
        for (unsigned i = 0; i < 2; ++i)
            if (has(i == 0 ? XDPCTL_HEADER_VLAN : XDPCTL_HEADER_QINQ))
                append(" vlan {}", parsed_.vlan_tci[i] & 0xfffU);
    }

    // Of IPv6 where the fragment header is the first of its kind.
    void fragment() {
        if (!has(XDPCTL_HEADER_FRAGMENT))
            return;
        const std::size_t ip = parsed_.network_offset;
        if (has(XDPCTL_HEADER_IPV4) && ip + 8 <= frame_.size())
            append(" frag {}{}", (number16(ip + 6) & 0x1fffU) * 8, (number16(ip + 6) & 0x2000U) != 0 ? "+" : "");
        else if (parsed_.ip6_nexthdr == IPPROTO_FRAGMENT && ip + 44 <= frame_.size())
            append(" frag {}{}", number16(ip + 42) & 0xfff8U, (number16(ip + 42) & 1U) != 0 ? "+" : "");
    }
    [[nodiscard]] unsigned number16(std::size_t offset) const {
        return std::to_integer<unsigned>(frame_[offset]) << 8U | std::to_integer<unsigned>(frame_[offset + 1]);
    }

    const xdpctl_packet& parsed_;
    std::span<const std::byte> frame_;
    std::size_t length_;
    std::string out_;
};

}  // namespace

std::string describe(const xdpctl_packet& parsed, std::span<const std::byte> frame, std::size_t length) {
    return Description(parsed, frame, length).text();
}

}  // namespace xdpctl::packet
