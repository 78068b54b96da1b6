// SPDX-License-Identifier: BSD-2-Clause
// The fields a rule can match, and what each of them is: one table that parser, printer, semantics and compiler share.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace xdpctl::ruleset {

enum class Field : std::uint8_t {
    EtherSaddr,
    EtherDaddr,
    EtherType,
    VlanId,
    VlanPcp,
    VlanDei,
    VlanType,
    // Of the second tag: `vlan` behind `vlan type 8021q`.
    VlanInnerId,
    VlanInnerPcp,
    VlanInnerDei,
    VlanInnerType,
    ArpHtype,
    ArpPtype,
    ArpHlen,
    ArpPlen,
    ArpOperation,
    ArpSaddrEther,
    ArpSaddrIp,
    ArpDaddrEther,
    ArpDaddrIp,
    IpVersion,
    IpHdrlength,
    IpDscp,
    IpEcn,
    IpLength,
    IpId,
    IpFragOff,
    IpTtl,
    IpProtocol,
    IpChecksum,
    IpSaddr,
    IpDaddr,
    Ip6Version,
    Ip6Dscp,
    Ip6Ecn,
    Ip6Flowlabel,
    Ip6Length,
    Ip6Nexthdr,
    Ip6Hoplimit,
    Ip6Saddr,
    Ip6Daddr,
    ExthdrHbh,
    ExthdrRt,
    ExthdrFrag,
    ExthdrDst,
    ExthdrMh,
    FragNexthdr,
    FragReserved,
    FragFragOff,
    FragReserved2,
    FragMoreFragments,
    FragId,
    TcpSport,
    TcpDport,
    TcpSequence,
    TcpAckseq,
    TcpDoff,
    TcpReserved,
    TcpFlags,
    TcpWindow,
    TcpChecksum,
    TcpUrgptr,
    UdpSport,
    UdpDport,
    UdpLength,
    UdpChecksum,
    UdpliteSport,
    UdpliteDport,
    UdpliteCsumcov,
    UdpliteChecksum,
    DccpSport,
    DccpDport,
    DccpType,
    SctpSport,
    SctpDport,
    SctpVtag,
    SctpChecksum,
    ThSport,
    ThDport,
    IcmpType,
    IcmpCode,
    IcmpChecksum,
    IcmpId,
    IcmpSequence,
    IcmpGateway,
    IcmpMtu,
    Icmpv6Type,
    Icmpv6Code,
    Icmpv6Checksum,
    Icmpv6Id,
    Icmpv6Sequence,
    Icmpv6Mtu,
    Icmpv6MaxDelay,
    IgmpType,
    IgmpMrt,
    IgmpChecksum,
    IgmpGroup,
    AhNexthdr,
    AhHdrlength,
    AhReserved,
    AhSpi,
    AhSequence,
    EspSpi,
    EspSequence,
    CompNexthdr,
    CompFlags,
    CompCpi,
    MetaProtocol,
    MetaL4proto,
    MetaLength,
    MetaIif,
    MetaOif,
    MetaIifname,
    MetaOifname,
    MetaMark,
    MetaPriority,
    MetaPkttype,
    MetaCpu,
    MetaRandom,
    Raw,  // @ll,offset,length: Match::payload says which bits
};

// How values of a field are written and printed (nftables' data types).
enum class ValueType : std::uint8_t {
    EtherAddr,
    EtherType,
    Integer,
    Ipv4Addr,
    Ipv6Addr,
    InetProto,
    InetService,
    TcpFlag,
    IcmpType,
    IcmpCode,
    Icmpv6Type,
    Icmpv6Code,
    IgmpType,
    ArpOperation,
    DccpType,
    Dscp,
    Ecn,
    Nfproto,      // written for an EtherType: ipv4, ipv6
    Existence,    // of an extension header: 1 or 0
    PacketType,   // as the kernel classes a frame by its destination
    Mark,         // eight hexadecimal digits
    TcHandle,     // major:minor, hexadecimal
    Hexadecimal,  // any number of digits
    Ifindex,      // the name of one interface, without wildcards
    Ifname,
};

struct FieldInfo {
    Field field;
    std::string_view protocol;  // "tcp", "ip6", "meta", ...
    std::string_view name;      // "dport", "saddr ip", "l4proto", ...
    ValueType type;
    unsigned bits;  // width of a value; 0 for names, and where Match::payload says it
};

[[nodiscard]] std::span<const FieldInfo> fields();
[[nodiscard]] const FieldInfo& info(Field field);
[[nodiscard]] std::optional<Field> find_field(std::string_view protocol, std::string_view name);

// `vlan id` and the like in the second tag; other fields as they are.
[[nodiscard]] Field of_second_tag(Field field);

// Symbolic constants of a type ("ssh", "echo-request", "syn", "ip6", ...): as nft 1.0.6 accepts and prints them.
// nft prints ports as numbers unless asked otherwise; `symbol` returns what nft prints by default.
[[nodiscard]] std::optional<std::uint32_t> constant(ValueType type, std::string_view symbol);
[[nodiscard]] std::optional<std::string_view> symbol(ValueType type, std::uint32_t value);
[[nodiscard]] std::span<const std::string_view> symbols(ValueType type);  // all names, for suggestions

}  // namespace xdpctl::ruleset
