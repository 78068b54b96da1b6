// SPDX-License-Identifier: BSD-2-Clause
#include "lang/protocols.h"

#include <fmt/format.h>
#include <linux/if_ether.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <algorithm>

#include "lang/value.h"

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
    const auto* const name = std::ranges::find(names, protocol);
    const auto wanted = static_cast<Network>(name - std::begin(names));
    if (wanted == Network::Vlan && is_tagged_)
        return std::nullopt;
    if (!is_open(wanted) && network_ != wanted)
        return conflict(names[static_cast<std::size_t>(network_)], protocol);
    network_ = wanted;
    is_tagged_ |= wanted == Network::Vlan;
    return std::nullopt;
}

bool Protocols::is_open(Network wanted) const {
    return network_ == Network::Any || (network_ == Network::Vlan && wanted != Network::Vlan);
}

std::optional<std::string> Protocols::require_transport(const Transport& transport) {
    if (network_ == Network::Arp)
        return conflict("arp", transport.name);
    if (transport_ && *transport_ != transport.number)
        return conflict(transport_name(*transport_), transport.name);
    transport_ = transport.number;
    if (transport.network != Network::Any && is_open(transport.network))
        network_ = transport.network;
    return std::nullopt;
}

std::optional<std::string> Protocols::require_message(const Match& match) {
    const auto require = [&](ValueType type, std::uint32_t wanted) -> std::optional<std::string> {
        const bool is_echo = type == ValueType::Icmpv6Type && wanted == ICMP6_ECHO_REQUEST;
        if (message_ == 0)
            message_ = wanted;
        if (message_ == wanted || (is_echo && message_ == ICMP6_ECHO_REPLY))
            return std::nullopt;
        const auto name = [&](std::uint32_t number) { return format_value(type, number); };
        return fmt::format("conflicting messages: {} vs. {}", name(message_), name(wanted));
    };
    switch (match.field) {
    case Field::IcmpType:
    case Field::Icmpv6Type:
        if (const auto type = settled(match))
            message_ = *type;
        return std::nullopt;
    case Field::IcmpId:
    case Field::IcmpSequence:
        return require(ValueType::IcmpType, ICMP_ECHO);
    case Field::IcmpGateway:
        return require(ValueType::IcmpType, ICMP_REDIRECT);
    case Field::IcmpMtu:
        return require(ValueType::IcmpType, ICMP_DEST_UNREACH);
    case Field::Icmpv6Id:
    case Field::Icmpv6Sequence:
        return require(ValueType::Icmpv6Type, ICMP6_ECHO_REQUEST);
    case Field::Icmpv6Mtu:
        return require(ValueType::Icmpv6Type, ICMP6_PACKET_TOO_BIG);
    case Field::Icmpv6MaxDelay:
        return require(ValueType::Icmpv6Type, MLD_LISTENER_QUERY);
    default:
        return std::nullopt;
    }
}

void Protocols::settle_network(std::uint32_t ether_type) {
    switch (ether_type) {
    case ETH_P_IP:
        network_ = Network::Ip;
        break;
    case ETH_P_IPV6:
        network_ = Network::Ip6;
        break;
    case ETH_P_ARP:
        network_ = Network::Arp;
        break;
    case ETH_P_8021Q:
    case ETH_P_8021AD:
        network_ = Network::Vlan;
        is_tagged_ = true;
        break;
    default:
        break;
    }
}

std::optional<std::string> Protocols::add(const Match& match) {
    static constexpr Transport transports[] = {
        {"tcp", IPPROTO_TCP, Network::Any},         {"udp", IPPROTO_UDP, Network::Any},
        {"udplite", IPPROTO_UDPLITE, Network::Any}, {"dccp", IPPROTO_DCCP, Network::Any},
        {"sctp", IPPROTO_SCTP, Network::Any},       {"icmp", IPPROTO_ICMP, Network::Ip},
        {"icmpv6", IPPROTO_ICMPV6, Network::Ip6},   {"igmp", IPPROTO_IGMP, Network::Ip},
        {"ah", IPPROTO_AH, Network::Any},           {"esp", IPPROTO_ESP, Network::Any},
        {"comp", IPPROTO_COMP, Network::Any},
    };
    const std::string_view protocol = ruleset::info(match.field).protocol;
    switch (match.field) {
    case Field::EtherType:
        if (const auto type = settled(match))
            settle_network(*type);
        return std::nullopt;
    case Field::MetaProtocol:
        if (const auto type = settled(match); type && network_ != Network::Vlan)
            settle_network(*type);
        return std::nullopt;
    case Field::VlanType:
    case Field::VlanInnerType:
        if (auto found = require_network(protocol))
            return found;
        if (const auto type = settled(match)) {
            settle_network(*type);
            in_second_tag_ |= *type == ETH_P_8021Q || *type == ETH_P_8021AD;
        }
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
    default:
        break;
    }
    if (protocol == "ip" || protocol == "ip6" || protocol == "arp" || protocol == "vlan")
        return require_network(protocol);
    if (protocol == "exthdr" || protocol == "frag")
        return require_network("ip6");
    const auto* const transport = std::ranges::find(transports, protocol, &Transport::name);
    if (transport == std::end(transports))
        return std::nullopt;
    auto found = require_transport(*transport);
    return found ? found : require_message(match);
}

}  // namespace xdpctl::lang
