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
    IpProtocol,
    IpSaddr,
    IpDaddr,
    Ip6Nexthdr,
    Ip6Saddr,
    Ip6Daddr,
    TcpSport,
    TcpDport,
    TcpFlags,
    UdpSport,
    UdpDport,
    SctpSport,
    SctpDport,
    IcmpType,
    IcmpCode,
    Icmpv6Type,
    Icmpv6Code,
    MetaL4proto,
    MetaIifname,
    MetaOifname,
    MetaLength,
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
    Ifname,
};

struct FieldInfo {
    Field field;
    std::string_view protocol;  // "tcp", "ip6", "meta", ...
    std::string_view name;      // "dport", "saddr", "l4proto", ...
    ValueType type;
    unsigned bits;  // width of a value; 0 for names
};

[[nodiscard]] std::span<const FieldInfo> fields();
[[nodiscard]] const FieldInfo& info(Field field);
[[nodiscard]] std::optional<Field> find_field(std::string_view protocol, std::string_view name);

// Symbolic constants of a type ("ssh", "echo-request", "syn", "ip6", ...): as nft 1.0.6 accepts and prints them.
// nft prints ports as numbers unless asked otherwise; `symbol` returns what nft prints by default.
[[nodiscard]] std::optional<std::uint32_t> constant(ValueType type, std::string_view symbol);
[[nodiscard]] std::optional<std::string_view> symbol(ValueType type, std::uint32_t value);
[[nodiscard]] std::span<const std::string_view> symbols(ValueType type);  // all names, for suggestions

}  // namespace xdpctl::ruleset
