// SPDX-License-Identifier: BSD-2-Clause
#include "packet/build.h"

#include <linux/if_ether.h>
#include <netinet/in.h>

#include <algorithm>
#include <span>

namespace xdpctl::packet {

namespace {

using ruleset::Value;

constexpr std::size_t ipv4_size = 20;
constexpr std::size_t ipv6_size = 40;
constexpr std::size_t fragment_size = 8;

// Appends numbers in network byte order.
class Writer {
public:
    Writer& put(Value value, std::size_t size) {
        for (std::size_t i = size; i > 0; --i)
            bytes_.push_back(static_cast<std::byte>(value >> (8 * (i - 1)) & 0xff));
        return *this;
    }
    Writer& u8(Value value) { return put(value, 1); }
    Writer& u16(Value value) { return put(value, 2); }
    Writer& u32(Value value) { return put(value, 4); }
    Writer& append(std::span<const std::byte> bytes) {
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
        return *this;
    }
    [[nodiscard]] Bytes take() { return std::move(bytes_); }

private:
    Bytes bytes_;
};

// RFC 1071.
std::uint16_t internet_checksum(std::span<const std::byte> bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        sum += std::to_integer<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
}

// CRC32c as SCTP has it (RFC 9260, appendix A).
std::uint32_t crc32c(std::span<const std::byte> bytes) {
    std::uint32_t crc = 0xffffffff;
    for (const std::byte byte : bytes) {
        crc ^= std::to_integer<std::uint32_t>(byte);
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
    }
    return ~crc;
}

void store(Bytes& bytes, std::size_t offset, Value value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        bytes[offset + i] = static_cast<std::byte>(value >> (8 * (size - 1 - i)) & 0xff);
}

std::size_t address_size(const Packet& packet) {
    return packet.is_ipv6 ? 16 : 4;
}

std::size_t transport_header_size(Kind kind) {
    switch (kind) {
    case Kind::Tcp:
        return 20;
    case Kind::Sctp:
        return 12;
    case Kind::Udp:
    case Kind::Icmp:
    case Kind::Icmpv6:
        return 8;
    default:
        return 0;
    }
}

std::uint8_t protocol(const Packet& packet) {
    switch (packet.kind) {
    case Kind::Tcp:
        return IPPROTO_TCP;
    case Kind::Udp:
        return IPPROTO_UDP;
    case Kind::Sctp:
        return IPPROTO_SCTP;
    case Kind::Icmp:
        return IPPROTO_ICMP;
    case Kind::Icmpv6:
        return IPPROTO_ICMPV6;
    default:
        return packet.protocol;
    }
}

// With the addresses in front that the transport's checksum covers too.
std::uint16_t transport_checksum(const Packet& packet, std::span<const std::byte> segment) {
    return internet_checksum(Writer()
                                 .put(packet.saddr, address_size(packet))
                                 .put(packet.daddr, address_size(packet))
                                 .u32(segment.size())
                                 .u32(protocol(packet))
                                 .append(segment)
                                 .take());
}

Bytes tcp(const Packet& packet, const Bytes& payload) {
    Bytes segment = Writer()
                        .u16(packet.sport)
                        .u16(packet.dport)
                        .u32(packet.sequence)
                        .u32(packet.acknowledgement)
                        .u8(transport_header_size(Kind::Tcp) / 4 << 4)
                        .u8(packet.tcp_flags)
                        .u16(packet.window)
                        .u32(0)  // checksum, urgent pointer
                        .append(payload)
                        .take();
    store(segment, 16, transport_checksum(packet, segment), 2);
    return segment;
}

Bytes udp(const Packet& packet, const Bytes& payload) {
    Bytes segment = Writer()
                        .u16(packet.sport)
                        .u16(packet.dport)
                        .u16(transport_header_size(Kind::Udp) + payload.size())
                        .u16(0)
                        .append(payload)
                        .take();
    const std::uint16_t checksum = transport_checksum(packet, segment);
    store(segment, 6, checksum == 0 ? 0xffff : checksum, 2);  // 0 would mean that there is none
    return segment;
}

Bytes sctp(const Packet& packet, const Bytes& payload) {
    Bytes segment = Writer().u16(packet.sport).u16(packet.dport).u32(0).u32(0).append(payload).take();
    const std::uint32_t checksum = crc32c(segment);
    for (std::size_t i = 0; i < 4; ++i)  // least significant byte first
        segment[8 + i] = static_cast<std::byte>(checksum >> (8 * i) & 0xff);
    return segment;
}

Bytes icmp(const Packet& packet, const Bytes& payload) {
    Bytes message =
        Writer().u8(packet.type).u8(packet.code).u16(0).u16(packet.echo_id).u16(packet.sequence).append(payload).take();
    const bool has_pseudo_header = packet.kind == Kind::Icmpv6;
    store(message, 2, has_pseudo_header ? transport_checksum(packet, message) : internet_checksum(message), 2);
    return message;
}

// The payload, and the zeros that give the packet its length.
Bytes payload(const Packet& packet) {
    Bytes bytes = packet.payload;
    if (packet.length)
        bytes.resize(std::max(bytes.size(), *packet.length - header_size(packet)));
    return bytes;
}

Bytes segment(const Packet& packet) {
    const Bytes data = payload(packet);
    if (!has_transport(packet))
        return data;
    switch (packet.kind) {
    case Kind::Tcp:
        return tcp(packet, data);
    case Kind::Udp:
        return udp(packet, data);
    case Kind::Sctp:
        return sctp(packet, data);
    case Kind::Icmp:
    case Kind::Icmpv6:
        return icmp(packet, data);
    default:
        return data;
    }
}

Bytes ipv4(const Packet& packet) {
    const Bytes data = segment(packet);
    const Fragment fragment = packet.fragment.value_or(Fragment{});
    const unsigned flags = (packet.dont_fragment ? 0x4000U : 0U) | (fragment.more ? 0x2000U : 0U);
    Bytes header = Writer()
                       .u8(0x45)
                       .u8(packet.dscp * 4U | packet.ecn)
                       .u16(ipv4_size + data.size())
                       .u16(packet.id)
                       .u16(flags | fragment.offset / 8U)
                       .u8(packet.ttl)
                       .u8(protocol(packet))
                       .u16(0)
                       .u32(packet.saddr)
                       .u32(packet.daddr)
                       .take();
    store(header, 10, internet_checksum(header), 2);
    return Writer().append(header).append(data).take();
}

Bytes ipv6(const Packet& packet) {
    const Bytes data = segment(packet);
    Writer behind;
    if (packet.fragment)
        behind.u8(protocol(packet))
            .u8(0)
            .u16(packet.fragment->offset | (packet.fragment->more ? 1U : 0U))
            .u32(packet.id);
    const Bytes rest = behind.append(data).take();
    return Writer()
        .u32(Value{6} << 28 | static_cast<Value>(packet.dscp << 2 | packet.ecn) << 20 | packet.flow_label)
        .u16(rest.size())
        .u8(packet.fragment ? std::uint8_t{IPPROTO_FRAGMENT} : protocol(packet))
        .u8(packet.ttl)
        .put(packet.saddr, 16)
        .put(packet.daddr, 16)
        .append(rest)
        .take();
}

// For IPv4 over Ethernet. A request does not know the target's Ethernet address.
Bytes arp(const Packet& packet) {
    constexpr std::uint16_t hardware_ethernet = 1;
    constexpr std::uint16_t request = 1;
    return Writer()
        .u16(hardware_ethernet)
        .u16(ETH_P_IP)
        .u8(ETH_ALEN)
        .u8(4)
        .u16(packet.operation)
        .put(packet.ether_saddr, ETH_ALEN)
        .u32(packet.saddr)
        .put(packet.operation == request ? 0 : packet.ether_daddr, ETH_ALEN)
        .u32(packet.daddr)
        .take();
}

struct Network {
    std::uint16_t ether_type;
    Bytes bytes;
};

Network network(const Packet& packet) {
    switch (packet.kind) {
    case Kind::Arp:
        return {ETH_P_ARP, arp(packet)};
    case Kind::Ether:
        return {packet.ether_type, packet.payload};
    default:
        return packet.is_ipv6 ? Network{ETH_P_IPV6, ipv6(packet)} : Network{ETH_P_IP, ipv4(packet)};
    }
}

Bytes whole_frame(const Packet& packet) {
    if (packet.kind == Kind::Hex)
        return packet.frame;
    const Network inside = network(packet);
    Writer out;
    out.put(packet.ether_daddr, ETH_ALEN).put(packet.ether_saddr, ETH_ALEN);
    for (std::size_t i = 0; i < packet.tags.size(); ++i) {
        const Tag& tag = packet.tags[i];
        const bool is_outer = i + 1 < packet.tags.size();
        out.u16(is_outer ? ETH_P_8021AD : ETH_P_8021Q);
        out.u16(static_cast<Value>(tag.priority << 13 | (tag.drop_eligible ? 0x1000 : 0) | tag.id));
    }
    return out.u16(inside.ether_type).append(inside.bytes).take();
}

}  // namespace

std::size_t header_size(const Packet& packet) {
    const std::size_t ip = packet.is_ipv6 ? ipv6_size + (packet.fragment ? fragment_size : 0) : ipv4_size;
    return ip + (has_transport(packet) ? transport_header_size(packet.kind) : 0);
}

Bytes build(const Packet& packet) {
    Bytes frame = whole_frame(packet);
    if (packet.cut)
        frame.resize(std::min(frame.size(), *packet.cut));
    return frame;
}

}  // namespace xdpctl::packet
