// SPDX-License-Identifier: BSD-2-Clause
#include "lang/protocols.h"

#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>

namespace xdpctl::lang {
namespace {

using ruleset::Field;
using ruleset::Match;
using ruleset::Relation;
using ruleset::ValueType;

std::string conflict(std::string_view first, std::string_view second) {
    return fmt::format("conflicting protocols: {} vs. {}", first, second);
}

std::string transport_name(std::uint32_t number) {
    if (number == IPPROTO_ICMPV6)
        return "icmpv6";
    const auto name = ruleset::symbol(ValueType::InetProto, number);
    return name ? std::string(*name) : fmt::format("protocol {}", number);
}

// The value that the match settles on: of several the last one, as nft has it.
std::optional<std::uint32_t> settled(const Match& match) {
    if (match.relation != Relation::Equal || match.values.back().first != match.values.back().last)
        return std::nullopt;
    return static_cast<std::uint32_t>(match.values.back().first);
}

}  // namespace

std::optional<std::string> Protocols::require_network(std::string_view protocol) {
    constexpr std::string_view names[] = {"", "ip", "ip6", "arp", "vlan"};
    const Network wanted = protocol == "ip" ? Network::Ip : protocol == "ip6" ? Network::Ip6 : Network::Vlan;
    const bool is_open = network_ == Network::Any || (network_ == Network::Vlan && wanted != Network::Vlan);
    if (!is_open && network_ != wanted)
        return conflict(names[static_cast<std::size_t>(network_)], protocol);
    network_ = wanted;
    return std::nullopt;
}

std::optional<std::string> Protocols::require_transport(std::string_view protocol, std::uint32_t number) {
    if (network_ == Network::Arp)
        return conflict("arp", protocol);
    if (transport_ && *transport_ != number)
        return conflict(transport_name(*transport_), protocol);
    transport_ = number;
    return std::nullopt;
}

std::optional<std::string> Protocols::add(const Match& match) {
    const std::string_view protocol = ruleset::info(match.field).protocol;
    switch (match.field) {
    case Field::EtherType:
        if (const auto type = settled(match))
            network_ = *type == 0x0800                      ? Network::Ip
                       : *type == 0x86dd                    ? Network::Ip6
                       : *type == 0x0806                    ? Network::Arp
                       : *type == 0x8100 || *type == 0x88a8 ? Network::Vlan
                                                            : network_;
        return std::nullopt;
    case Field::EtherSaddr:
    case Field::EtherDaddr:
    case Field::MetaIifname:
    case Field::MetaOifname:
    case Field::MetaLength:
        return std::nullopt;
    case Field::MetaL4proto:
        if (!transport_)
            transport_ = settled(match);
        return std::nullopt;
    case Field::IpProtocol:
    case Field::Ip6Nexthdr:
        if (!transport_)
            transport_ = settled(match);
        return require_network(protocol);
    case Field::VlanId:
    case Field::IpSaddr:
    case Field::IpDaddr:
    case Field::Ip6Saddr:
    case Field::Ip6Daddr:
        return require_network(protocol);
    case Field::TcpSport:
    case Field::TcpDport:
    case Field::TcpFlags:
        return require_transport(protocol, IPPROTO_TCP);
    case Field::UdpSport:
    case Field::UdpDport:
        return require_transport(protocol, IPPROTO_UDP);
    case Field::SctpSport:
    case Field::SctpDport:
        return require_transport(protocol, IPPROTO_SCTP);
    case Field::IcmpType:
    case Field::IcmpCode: {
        auto found = require_transport(protocol, IPPROTO_ICMP);
        if (network_ == Network::Any || network_ == Network::Vlan)
            network_ = Network::Ip;
        return found;
    }
    case Field::Icmpv6Type:
    case Field::Icmpv6Code: {
        auto found = require_transport(protocol, IPPROTO_ICMPV6);
        if (network_ == Network::Any || network_ == Network::Vlan)
            network_ = Network::Ip6;
        return found;
    }
    }
    return std::nullopt;
}

}  // namespace xdpctl::lang
