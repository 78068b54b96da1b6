// SPDX-License-Identifier: BSD-2-Clause
#include "ruleset/field.h"

#include <algorithm>
#include <array>

namespace xdpctl::ruleset {
namespace {

constexpr std::array field_table = {
    FieldInfo{Field::EtherSaddr, "ether", "saddr", ValueType::EtherAddr, 48},
    FieldInfo{Field::EtherDaddr, "ether", "daddr", ValueType::EtherAddr, 48},
    FieldInfo{Field::EtherType, "ether", "type", ValueType::EtherType, 16},
    FieldInfo{Field::VlanId, "vlan", "id", ValueType::Integer, 12},
    FieldInfo{Field::IpProtocol, "ip", "protocol", ValueType::InetProto, 8},
    FieldInfo{Field::IpSaddr, "ip", "saddr", ValueType::Ipv4Addr, 32},
    FieldInfo{Field::IpDaddr, "ip", "daddr", ValueType::Ipv4Addr, 32},
    FieldInfo{Field::Ip6Nexthdr, "ip6", "nexthdr", ValueType::InetProto, 8},
    FieldInfo{Field::Ip6Saddr, "ip6", "saddr", ValueType::Ipv6Addr, 128},
    FieldInfo{Field::Ip6Daddr, "ip6", "daddr", ValueType::Ipv6Addr, 128},
    FieldInfo{Field::TcpSport, "tcp", "sport", ValueType::InetService, 16},
    FieldInfo{Field::TcpDport, "tcp", "dport", ValueType::InetService, 16},
    FieldInfo{Field::TcpFlags, "tcp", "flags", ValueType::TcpFlag, 8},
    FieldInfo{Field::UdpSport, "udp", "sport", ValueType::InetService, 16},
    FieldInfo{Field::UdpDport, "udp", "dport", ValueType::InetService, 16},
    FieldInfo{Field::SctpSport, "sctp", "sport", ValueType::InetService, 16},
    FieldInfo{Field::SctpDport, "sctp", "dport", ValueType::InetService, 16},
    FieldInfo{Field::IcmpType, "icmp", "type", ValueType::IcmpType, 8},
    FieldInfo{Field::IcmpCode, "icmp", "code", ValueType::IcmpCode, 8},
    FieldInfo{Field::Icmpv6Type, "icmpv6", "type", ValueType::Icmpv6Type, 8},
    FieldInfo{Field::Icmpv6Code, "icmpv6", "code", ValueType::Icmpv6Code, 8},
    FieldInfo{Field::MetaL4proto, "meta", "l4proto", ValueType::InetProto, 8},
    FieldInfo{Field::MetaIifname, "meta", "iifname", ValueType::Ifname, 0},
    FieldInfo{Field::MetaOifname, "meta", "oifname", ValueType::Ifname, 0},
    FieldInfo{Field::MetaLength, "meta", "length", ValueType::Integer, 32},
};

consteval bool indexed_by_field() {
    for (std::size_t i = 0; i < field_table.size(); ++i)
        if (field_table[i].field != static_cast<Field>(i))
            return false;
    return true;
}
static_assert(indexed_by_field());

}  // namespace

std::span<const FieldInfo> fields() {
    return field_table;
}

const FieldInfo& info(Field field) {
    return field_table[static_cast<std::size_t>(field)];
}

std::optional<Field> find_field(std::string_view protocol, std::string_view name) {
    const auto found = std::ranges::find_if(
        field_table, [&](const FieldInfo& entry) { return entry.name == name && entry.protocol == protocol; });
    if (found == field_table.end())
        return std::nullopt;
    return found->field;
}

}  // namespace xdpctl::ruleset
