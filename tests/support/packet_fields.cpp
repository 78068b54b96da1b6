// SPDX-License-Identifier: BSD-2-Clause
#include "support/packet_fields.h"

#include <cstring>
#include <utility>

namespace xdpctl::test {

namespace {

using ruleset::Field;
using ruleset::Value;

constexpr std::pair<Field, xdpctl_header> extension_headers[] = {
    {Field::ExthdrHbh, XDPCTL_HEADER_HOP_OPTIONS},    {Field::ExthdrRt, XDPCTL_HEADER_ROUTING},
    {Field::ExthdrFrag, XDPCTL_HEADER_IPV6_FRAGMENT}, {Field::ExthdrDst, XDPCTL_HEADER_DESTINATION_OPTIONS},
    {Field::ExthdrMh, XDPCTL_HEADER_MOBILITY},
};

std::uint32_t headers_of(const Fields& fields) {
    static constexpr std::pair<Field, xdpctl_header> told_by[] = {
        {Field::EtherType, XDPCTL_HEADER_ETHERNET},  {Field::VlanId, XDPCTL_HEADER_VLAN},
        {Field::VlanInnerId, XDPCTL_HEADER_QINQ},    {Field::MetaProtocol, XDPCTL_HEADER_NETWORK},
        {Field::IpSaddr, XDPCTL_HEADER_IPV4},        {Field::Ip6Saddr, XDPCTL_HEADER_IPV6},
        {Field::MetaL4proto, XDPCTL_HEADER_L4PROTO}, {Field::TcpDport, XDPCTL_HEADER_TCP},
        {Field::UdpDport, XDPCTL_HEADER_UDP},        {Field::SctpDport, XDPCTL_HEADER_SCTP},
        {Field::IcmpType, XDPCTL_HEADER_ICMP},       {Field::Icmpv6Type, XDPCTL_HEADER_ICMPV6},
    };
    std::uint32_t out = 0;
    for (const auto& [field, header] : told_by)
        if (fields.values.contains(field))
            out |= header;
    for (const auto& [field, header] : extension_headers)
        if (const auto found = fields.values.find(field); found != fields.values.end() && found->second == 1)
            out |= header;
    return out;
}

void put_bits(std::uint16_t& tci, Value value, unsigned first, unsigned bits) {
    const auto mask = static_cast<std::uint16_t>(((1U << bits) - 1) << first);
    tci = static_cast<std::uint16_t>((tci & ~mask) | (static_cast<unsigned>(value) << first & mask));
}

void put_address(std::uint32_t (&words)[4], Value address) {
    for (unsigned i = 0; i < 4; ++i)
        words[i] = static_cast<std::uint32_t>(address >> (96 - 32 * i));
}

void put(xdpctl_packet& packet, Field field, Value value) {
    const auto as8 = static_cast<std::uint8_t>(value);
    const auto as16 = static_cast<std::uint16_t>(value);
    const auto as32 = static_cast<std::uint32_t>(value);
    switch (field) {
    case Field::EtherSaddr:
        packet.ether_saddr_high = static_cast<std::uint16_t>(value >> 32);
        packet.ether_saddr_low = as32;
        break;
    case Field::EtherDaddr:
        packet.ether_daddr_high = static_cast<std::uint16_t>(value >> 32);
        packet.ether_daddr_low = as32;
        break;
    case Field::EtherType:
        packet.ether_type = as16;
        break;
    case Field::VlanId:
        return put_bits(packet.vlan_tci[0], value, 0, 12);
    case Field::VlanDei:
        return put_bits(packet.vlan_tci[0], value, 12, 1);
    case Field::VlanPcp:
        return put_bits(packet.vlan_tci[0], value, 13, 3);
    case Field::VlanInnerId:
        return put_bits(packet.vlan_tci[1], value, 0, 12);
    case Field::VlanInnerDei:
        return put_bits(packet.vlan_tci[1], value, 12, 1);
    case Field::VlanInnerPcp:
        return put_bits(packet.vlan_tci[1], value, 13, 3);
    case Field::MetaProtocol:
        packet.network_proto = as16;
        break;
    case Field::IpSaddr:
        packet.saddr[0] = as32;
        break;
    case Field::IpDaddr:
        packet.daddr[0] = as32;
        break;
    case Field::Ip6Nexthdr:
        packet.ip6_nexthdr = as8;
        break;
    case Field::Ip6Saddr:
        put_address(packet.saddr, value);
        break;
    case Field::Ip6Daddr:
        put_address(packet.daddr, value);
        break;
    case Field::TcpSport:
    case Field::UdpSport:
    case Field::SctpSport:
        packet.sport = as16;
        break;
    case Field::TcpDport:
    case Field::UdpDport:
    case Field::SctpDport:
        packet.dport = as16;
        break;
    case Field::TcpFlags:
        packet.tcp_flags = as8;
        break;
    case Field::IcmpType:
    case Field::Icmpv6Type:
        packet.icmp_type = as8;
        break;
    case Field::IcmpCode:
    case Field::Icmpv6Code:
        packet.icmp_code = as8;
        break;
    case Field::IpProtocol:
    case Field::MetaL4proto:
        packet.l4_proto = as8;
        break;
    case Field::MetaLength:
        packet.length = as32;
        break;
    default:  // in the headers' bits, or not in the packet
        break;
    }
}

Value address(const std::uint32_t (&words)[4]) {
    Value out = 0;
    for (const std::uint32_t word : words)
        out = out << 32 | word;
    return out;
}

}  // namespace

xdpctl_packet packet_of(const Fields& fields, DeviceSlot device, std::mt19937& random) {
    std::uint8_t bytes[sizeof(xdpctl_packet)];
    for (std::uint8_t& byte : bytes)
        byte = static_cast<std::uint8_t>(random());
    xdpctl_packet packet;
    std::memcpy(&packet, bytes, sizeof(packet));
    for (const auto& [field, value] : fields.values)
        put(packet, field, value);
    packet.headers = headers_of(fields);
    packet.device = std::to_underlying(device);
    packet.malformed = fields.malformed.value_or(0);
    packet.reason = fields.malformed.value_or(XDPCTL_REASON_POLICY);
    return packet;
}

bool is_in_packet(Field field) {
    // A packet that has every header, and so every field there is.
    static const Fields all = [] {
        xdpctl_packet packet{};
        packet.headers = ~std::uint32_t{0};
        return fields_of(packet);
    }();
    return all.values.contains(field);
}

Fields fields_of(const xdpctl_packet& packet) {
    Fields out;
    out.length = packet.length;
    if (packet.malformed != 0)
        out.malformed = packet.malformed;
    const auto add = [&](xdpctl_header header, Field field, Value value) {
        if ((packet.headers & header) != 0)
            out.values[field] = value;
    };
    out.values[Field::MetaLength] = packet.length;
    add(XDPCTL_HEADER_ETHERNET, Field::EtherSaddr, Value{packet.ether_saddr_high} << 32 | packet.ether_saddr_low);
    add(XDPCTL_HEADER_ETHERNET, Field::EtherDaddr, Value{packet.ether_daddr_high} << 32 | packet.ether_daddr_low);
    add(XDPCTL_HEADER_ETHERNET, Field::EtherType, packet.ether_type);
    const auto add_tag = [&](xdpctl_header header, unsigned tci, Field id, Field dei, Field pcp) {
        add(header, id, tci & 0xfffU);
        add(header, dei, tci >> 12U & 1U);
        add(header, pcp, tci >> 13U);
    };
    add_tag(XDPCTL_HEADER_VLAN, packet.vlan_tci[0], Field::VlanId, Field::VlanDei, Field::VlanPcp);
    add_tag(XDPCTL_HEADER_QINQ, packet.vlan_tci[1], Field::VlanInnerId, Field::VlanInnerDei, Field::VlanInnerPcp);
    add(XDPCTL_HEADER_NETWORK, Field::MetaProtocol, packet.network_proto);
    for (const auto& [field, header] : extension_headers) {
        if ((packet.headers & header) != 0)
            out.values[field] = 1;
        else if ((packet.headers & XDPCTL_HEADER_IPV6) != 0)
            add(XDPCTL_HEADER_L4PROTO, field, 0);
    }
    add(XDPCTL_HEADER_IPV4, Field::IpProtocol, packet.l4_proto);
    add(XDPCTL_HEADER_IPV4, Field::IpSaddr, packet.saddr[0]);
    add(XDPCTL_HEADER_IPV4, Field::IpDaddr, packet.daddr[0]);
    add(XDPCTL_HEADER_IPV6, Field::Ip6Nexthdr, packet.ip6_nexthdr);
    add(XDPCTL_HEADER_IPV6, Field::Ip6Saddr, address(packet.saddr));
    add(XDPCTL_HEADER_IPV6, Field::Ip6Daddr, address(packet.daddr));
    add(XDPCTL_HEADER_L4PROTO, Field::MetaL4proto, packet.l4_proto);
    add(XDPCTL_HEADER_TCP, Field::TcpSport, packet.sport);
    add(XDPCTL_HEADER_TCP, Field::TcpDport, packet.dport);
    add(XDPCTL_HEADER_TCP, Field::TcpFlags, packet.tcp_flags);
    add(XDPCTL_HEADER_UDP, Field::UdpSport, packet.sport);
    add(XDPCTL_HEADER_UDP, Field::UdpDport, packet.dport);
    add(XDPCTL_HEADER_SCTP, Field::SctpSport, packet.sport);
    add(XDPCTL_HEADER_SCTP, Field::SctpDport, packet.dport);
    add(XDPCTL_HEADER_ICMP, Field::IcmpType, packet.icmp_type);
    add(XDPCTL_HEADER_ICMP, Field::IcmpCode, packet.icmp_code);
    add(XDPCTL_HEADER_ICMPV6, Field::Icmpv6Type, packet.icmp_type);
    add(XDPCTL_HEADER_ICMPV6, Field::Icmpv6Code, packet.icmp_code);
    return out;
}

}  // namespace xdpctl::test
