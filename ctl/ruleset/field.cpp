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
    FieldInfo{Field::VlanPcp, "vlan", "pcp", ValueType::Integer, 3},
    FieldInfo{Field::VlanDei, "vlan", "dei", ValueType::Integer, 1},
    FieldInfo{Field::VlanType, "vlan", "type", ValueType::EtherType, 16},
    FieldInfo{Field::VlanInnerId, "vlan", "id", ValueType::Integer, 12},
    FieldInfo{Field::VlanInnerPcp, "vlan", "pcp", ValueType::Integer, 3},
    FieldInfo{Field::VlanInnerDei, "vlan", "dei", ValueType::Integer, 1},
    FieldInfo{Field::VlanInnerType, "vlan", "type", ValueType::EtherType, 16},
    FieldInfo{Field::ArpHtype, "arp", "htype", ValueType::Integer, 16},
    FieldInfo{Field::ArpPtype, "arp", "ptype", ValueType::EtherType, 16},
    FieldInfo{Field::ArpHlen, "arp", "hlen", ValueType::Integer, 8},
    FieldInfo{Field::ArpPlen, "arp", "plen", ValueType::Integer, 8},
    FieldInfo{Field::ArpOperation, "arp", "operation", ValueType::ArpOperation, 16},
    FieldInfo{Field::ArpSaddrEther, "arp", "saddr ether", ValueType::EtherAddr, 48},
    FieldInfo{Field::ArpSaddrIp, "arp", "saddr ip", ValueType::Ipv4Addr, 32},
    FieldInfo{Field::ArpDaddrEther, "arp", "daddr ether", ValueType::EtherAddr, 48},
    FieldInfo{Field::ArpDaddrIp, "arp", "daddr ip", ValueType::Ipv4Addr, 32},
    FieldInfo{Field::IpVersion, "ip", "version", ValueType::Integer, 4},
    FieldInfo{Field::IpHdrlength, "ip", "hdrlength", ValueType::Integer, 4},
    FieldInfo{Field::IpDscp, "ip", "dscp", ValueType::Dscp, 6},
    FieldInfo{Field::IpEcn, "ip", "ecn", ValueType::Ecn, 2},
    FieldInfo{Field::IpLength, "ip", "length", ValueType::Integer, 16},
    FieldInfo{Field::IpId, "ip", "id", ValueType::Integer, 16},
    FieldInfo{Field::IpFragOff, "ip", "frag-off", ValueType::Integer, 16},
    FieldInfo{Field::IpTtl, "ip", "ttl", ValueType::Integer, 8},
    FieldInfo{Field::IpProtocol, "ip", "protocol", ValueType::InetProto, 8},
    FieldInfo{Field::IpChecksum, "ip", "checksum", ValueType::Integer, 16},
    FieldInfo{Field::IpSaddr, "ip", "saddr", ValueType::Ipv4Addr, 32},
    FieldInfo{Field::IpDaddr, "ip", "daddr", ValueType::Ipv4Addr, 32},
    FieldInfo{Field::Ip6Version, "ip6", "version", ValueType::Integer, 4},
    FieldInfo{Field::Ip6Dscp, "ip6", "dscp", ValueType::Dscp, 6},
    FieldInfo{Field::Ip6Ecn, "ip6", "ecn", ValueType::Ecn, 2},
    FieldInfo{Field::Ip6Flowlabel, "ip6", "flowlabel", ValueType::Integer, 20},
    FieldInfo{Field::Ip6Length, "ip6", "length", ValueType::Integer, 16},
    FieldInfo{Field::Ip6Nexthdr, "ip6", "nexthdr", ValueType::InetProto, 8},
    FieldInfo{Field::Ip6Hoplimit, "ip6", "hoplimit", ValueType::Integer, 8},
    FieldInfo{Field::Ip6Saddr, "ip6", "saddr", ValueType::Ipv6Addr, 128},
    FieldInfo{Field::Ip6Daddr, "ip6", "daddr", ValueType::Ipv6Addr, 128},
    FieldInfo{Field::ExthdrHbh, "exthdr", "hbh", ValueType::Existence, 1},
    FieldInfo{Field::ExthdrRt, "exthdr", "rt", ValueType::Existence, 1},
    FieldInfo{Field::ExthdrFrag, "exthdr", "frag", ValueType::Existence, 1},
    FieldInfo{Field::ExthdrDst, "exthdr", "dst", ValueType::Existence, 1},
    FieldInfo{Field::ExthdrMh, "exthdr", "mh", ValueType::Existence, 1},
    FieldInfo{Field::FragNexthdr, "frag", "nexthdr", ValueType::InetProto, 8},
    FieldInfo{Field::FragReserved, "frag", "reserved", ValueType::Integer, 8},
    FieldInfo{Field::FragFragOff, "frag", "frag-off", ValueType::Integer, 13},
    FieldInfo{Field::FragReserved2, "frag", "reserved2", ValueType::Integer, 2},
    FieldInfo{Field::FragMoreFragments, "frag", "more-fragments", ValueType::Integer, 1},
    FieldInfo{Field::FragId, "frag", "id", ValueType::Integer, 32},
    FieldInfo{Field::TcpSport, "tcp", "sport", ValueType::InetService, 16},
    FieldInfo{Field::TcpDport, "tcp", "dport", ValueType::InetService, 16},
    FieldInfo{Field::TcpSequence, "tcp", "sequence", ValueType::Integer, 32},
    FieldInfo{Field::TcpAckseq, "tcp", "ackseq", ValueType::Integer, 32},
    FieldInfo{Field::TcpDoff, "tcp", "doff", ValueType::Integer, 4},
    FieldInfo{Field::TcpReserved, "tcp", "reserved", ValueType::Integer, 4},
    FieldInfo{Field::TcpFlags, "tcp", "flags", ValueType::TcpFlag, 8},
    FieldInfo{Field::TcpWindow, "tcp", "window", ValueType::Integer, 16},
    FieldInfo{Field::TcpChecksum, "tcp", "checksum", ValueType::Integer, 16},
    FieldInfo{Field::TcpUrgptr, "tcp", "urgptr", ValueType::Integer, 16},
    FieldInfo{Field::UdpSport, "udp", "sport", ValueType::InetService, 16},
    FieldInfo{Field::UdpDport, "udp", "dport", ValueType::InetService, 16},
    FieldInfo{Field::UdpLength, "udp", "length", ValueType::Integer, 16},
    FieldInfo{Field::UdpChecksum, "udp", "checksum", ValueType::Integer, 16},
    FieldInfo{Field::UdpliteSport, "udplite", "sport", ValueType::InetService, 16},
    FieldInfo{Field::UdpliteDport, "udplite", "dport", ValueType::InetService, 16},
    FieldInfo{Field::UdpliteCsumcov, "udplite", "csumcov", ValueType::Integer, 16},
    FieldInfo{Field::UdpliteChecksum, "udplite", "checksum", ValueType::Integer, 16},
    FieldInfo{Field::DccpSport, "dccp", "sport", ValueType::InetService, 16},
    FieldInfo{Field::DccpDport, "dccp", "dport", ValueType::InetService, 16},
    FieldInfo{Field::DccpType, "dccp", "type", ValueType::DccpType, 4},
    FieldInfo{Field::SctpSport, "sctp", "sport", ValueType::InetService, 16},
    FieldInfo{Field::SctpDport, "sctp", "dport", ValueType::InetService, 16},
    FieldInfo{Field::SctpVtag, "sctp", "vtag", ValueType::Integer, 32},
    FieldInfo{Field::SctpChecksum, "sctp", "checksum", ValueType::Integer, 32},
    FieldInfo{Field::ThSport, "th", "sport", ValueType::InetService, 16},
    FieldInfo{Field::ThDport, "th", "dport", ValueType::InetService, 16},
    FieldInfo{Field::IcmpType, "icmp", "type", ValueType::IcmpType, 8},
    FieldInfo{Field::IcmpCode, "icmp", "code", ValueType::IcmpCode, 8},
    FieldInfo{Field::IcmpChecksum, "icmp", "checksum", ValueType::Integer, 16},
    FieldInfo{Field::IcmpId, "icmp", "id", ValueType::Integer, 16},
    FieldInfo{Field::IcmpSequence, "icmp", "sequence", ValueType::Integer, 16},
    FieldInfo{Field::IcmpGateway, "icmp", "gateway", ValueType::Integer, 32},
    FieldInfo{Field::IcmpMtu, "icmp", "mtu", ValueType::Integer, 16},
    FieldInfo{Field::Icmpv6Type, "icmpv6", "type", ValueType::Icmpv6Type, 8},
    FieldInfo{Field::Icmpv6Code, "icmpv6", "code", ValueType::Icmpv6Code, 8},
    FieldInfo{Field::Icmpv6Checksum, "icmpv6", "checksum", ValueType::Integer, 16},
    FieldInfo{Field::Icmpv6Id, "icmpv6", "id", ValueType::Integer, 16},
    FieldInfo{Field::Icmpv6Sequence, "icmpv6", "sequence", ValueType::Integer, 16},
    FieldInfo{Field::Icmpv6Mtu, "icmpv6", "mtu", ValueType::Integer, 32},
    FieldInfo{Field::Icmpv6MaxDelay, "icmpv6", "max-delay", ValueType::Integer, 16},
    FieldInfo{Field::IgmpType, "igmp", "type", ValueType::IgmpType, 8},
    FieldInfo{Field::IgmpMrt, "igmp", "mrt", ValueType::Integer, 8},
    FieldInfo{Field::IgmpChecksum, "igmp", "checksum", ValueType::Integer, 16},
    FieldInfo{Field::IgmpGroup, "igmp", "group", ValueType::Integer, 32},
    FieldInfo{Field::AhNexthdr, "ah", "nexthdr", ValueType::InetProto, 8},
    FieldInfo{Field::AhHdrlength, "ah", "hdrlength", ValueType::Integer, 8},
    FieldInfo{Field::AhReserved, "ah", "reserved", ValueType::Integer, 16},
    FieldInfo{Field::AhSpi, "ah", "spi", ValueType::Integer, 32},
    FieldInfo{Field::AhSequence, "ah", "sequence", ValueType::Integer, 32},
    FieldInfo{Field::EspSpi, "esp", "spi", ValueType::Integer, 32},
    FieldInfo{Field::EspSequence, "esp", "sequence", ValueType::Integer, 32},
    FieldInfo{Field::CompNexthdr, "comp", "nexthdr", ValueType::InetProto, 8},
    FieldInfo{Field::CompFlags, "comp", "flags", ValueType::Hexadecimal, 8},
    FieldInfo{Field::CompCpi, "comp", "cpi", ValueType::Integer, 16},
    FieldInfo{Field::MetaProtocol, "meta", "protocol", ValueType::EtherType, 16},
    FieldInfo{Field::MetaL4proto, "meta", "l4proto", ValueType::InetProto, 8},
    FieldInfo{Field::MetaLength, "meta", "length", ValueType::Integer, 32},
    FieldInfo{Field::MetaIif, "meta", "iif", ValueType::Ifindex, 0},
    FieldInfo{Field::MetaOif, "meta", "oif", ValueType::Ifindex, 0},
    FieldInfo{Field::MetaIifname, "meta", "iifname", ValueType::Ifname, 0},
    FieldInfo{Field::MetaOifname, "meta", "oifname", ValueType::Ifname, 0},
    FieldInfo{Field::MetaMark, "meta", "mark", ValueType::Mark, 32},
    FieldInfo{Field::MetaPriority, "meta", "priority", ValueType::TcHandle, 32},
    FieldInfo{Field::MetaPkttype, "meta", "pkttype", ValueType::PacketType, 8},
    FieldInfo{Field::MetaCpu, "meta", "cpu", ValueType::Integer, 32},
    FieldInfo{Field::MetaRandom, "meta", "random", ValueType::Integer, 32},
    FieldInfo{Field::Raw, "@", "payload", ValueType::Hexadecimal, 0},
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

Field of_second_tag(Field field) {
    switch (field) {
    case Field::VlanId:
        return Field::VlanInnerId;
    case Field::VlanPcp:
        return Field::VlanInnerPcp;
    case Field::VlanDei:
        return Field::VlanInnerDei;
    case Field::VlanType:
        return Field::VlanInnerType;
    default:
        return field;
    }
}

std::optional<Field> find_field(std::string_view protocol, std::string_view name) {
    const auto found = std::ranges::find_if(
        field_table, [&](const FieldInfo& entry) { return entry.name == name && entry.protocol == protocol; });
    if (found == field_table.end())
        return std::nullopt;
    return found->field;
}

}  // namespace xdpctl::ruleset
