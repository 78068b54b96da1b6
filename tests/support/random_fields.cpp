// SPDX-License-Identifier: BSD-2-Clause
#include "support/random_fields.h"

#include <cstring>
#include <utility>
#include <variant>

namespace xdpctl::test {

namespace {

using ruleset::Field;
using ruleset::Value;

std::size_t up_to(std::mt19937& random, std::size_t highest) {
    return std::uniform_int_distribution<std::size_t>(0, highest)(random);
}

Value random_value(std::mt19937& random, unsigned bits) {
    Value out = 0;
    for (unsigned i = 0; i < 4; ++i)
        out = out << 32 | random();
    return bits == 128 ? out : out & ((Value{1} << bits) - 1);
}

// Edges of the chain's matches on the field, and their neighbours; empty when there is none.
std::vector<Value> edges(const ruleset::Chain& chain, Field field) {
    std::vector<Value> out;
    for (const ruleset::Rule& rule : chain.rules)
        for (const ruleset::Statement& statement : rule.statements)
            if (const auto* match = std::get_if<ruleset::Match>(&statement); match != nullptr && match->field == field)
                for (const ruleset::Interval& interval : match->values)
                    out.insert(out.end(), {interval.first - 1, interval.first, interval.last, interval.last + 1});
    return out;
}

class FieldSource {
public:
    FieldSource(std::mt19937& random, const ruleset::Chain& chain) : random_(random), chain_(chain) {}

    void add(Fields& fields, Field field) {
        const unsigned bits = ruleset::info(field).bits;
        const auto near = edges(chain_, field);
        Value value = random_value(random_, bits);
        if (!near.empty() && up_to(random_, 5) != 0)
            value = near[up_to(random_, near.size() - 1)];
        fields.values[field] = bits == 128 ? value : value & ((Value{1} << bits) - 1);
    }

private:
    std::mt19937& random_;
    const ruleset::Chain& chain_;
};

void add_transport(Fields& fields, FieldSource& source, std::size_t kind, bool over_ipv6) {
    const auto protocol = [&](Value number) {
        fields.values[Field::MetaL4proto] = number;
        if (!over_ipv6)
            fields.values[Field::IpProtocol] = number;
    };
    const auto add = [&](std::initializer_list<Field> list) {
        for (const Field field : list)
            source.add(fields, field);
    };
    switch (kind) {
    case 0:
        protocol(6);
        return add({Field::TcpSport, Field::TcpDport, Field::TcpFlags});
    case 1:
        protocol(17);
        return add({Field::UdpSport, Field::UdpDport});
    case 2:
        protocol(132);
        return add({Field::SctpSport, Field::SctpDport});
    case 3:
        protocol(over_ipv6 ? 58 : 1);
        return over_ipv6 ? add({Field::Icmpv6Type, Field::Icmpv6Code}) : add({Field::IcmpType, Field::IcmpCode});
    case 4:  // no transport header
        source.add(fields, Field::MetaL4proto);
        return protocol(fields.values[Field::MetaL4proto]);
    default:  // protocol unknown
        if (!over_ipv6)
            source.add(fields, Field::IpProtocol);
        return;
    }
}

std::uint32_t headers_of(const Fields& fields) {
    static constexpr std::pair<Field, xdpctl_header> told_by[] = {
        {Field::EtherType, XDPCTL_HEADER_ETHERNET},  {Field::VlanId, XDPCTL_HEADER_VLAN},
        {Field::IpSaddr, XDPCTL_HEADER_IPV4},        {Field::Ip6Saddr, XDPCTL_HEADER_IPV6},
        {Field::MetaL4proto, XDPCTL_HEADER_L4PROTO}, {Field::TcpDport, XDPCTL_HEADER_TCP},
        {Field::UdpDport, XDPCTL_HEADER_UDP},        {Field::SctpDport, XDPCTL_HEADER_SCTP},
        {Field::IcmpType, XDPCTL_HEADER_ICMP},       {Field::Icmpv6Type, XDPCTL_HEADER_ICMPV6},
    };
    std::uint32_t out = 0;
    for (const auto& [field, header] : told_by)
        if (fields.values.contains(field))
            out |= header;
    return out;
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
        packet.vlan_tci[0] = static_cast<std::uint16_t>((packet.vlan_tci[0] & 0xf000) | as16);
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
    case Field::MetaIifname:
    case Field::MetaOifname:
        break;
    }
}

}  // namespace

Fields random_fields(std::mt19937& random, const ruleset::Chain& chain) {
    Fields fields;
    FieldSource source(random, chain);
    source.add(fields, Field::MetaLength);
    fields.length = static_cast<std::uint32_t>(fields.values[Field::MetaLength]);
    if (up_to(random, 20) == 0)
        return fields;
    for (const Field field : {Field::EtherSaddr, Field::EtherDaddr, Field::EtherType})
        source.add(fields, field);
    if (up_to(random, 3) == 0)
        source.add(fields, Field::VlanId);
    switch (up_to(random, 8)) {
    case 0:
        return fields;
    case 1:
    case 2:
    case 3:
    case 4:
        for (const Field field : {Field::IpSaddr, Field::IpDaddr})
            source.add(fields, field);
        add_transport(fields, source, up_to(random, 5), false);
        return fields;
    default:
        for (const Field field : {Field::Ip6Saddr, Field::Ip6Daddr, Field::Ip6Nexthdr})
            source.add(fields, field);
        add_transport(fields, source, up_to(random, 5), true);
        return fields;
    }
}

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
    packet.malformed = fields.malformed.value_or(static_cast<xdpctl_reason>(0));
    packet.reason = fields.malformed.value_or(XDPCTL_REASON_POLICY);
    return packet;
}

}  // namespace xdpctl::test
