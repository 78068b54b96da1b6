// SPDX-License-Identifier: BSD-2-Clause
#include "support/random_ruleset.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <span>

namespace xdpctl::test {
namespace {

using ruleset::Field;
using ruleset::FieldInfo;
using ruleset::Interval;
using ruleset::Match;
using ruleset::Relation;
using ruleset::Rule;
using ruleset::Ruleset;
using ruleset::Statement;
using ruleset::Value;
using ruleset::ValueType;
using ruleset::Verdict;

constexpr Value all_flags = 0xff;

// Few values, so that rules meet.
constexpr std::uint32_t ports[] = {0, 1, 21, 22, 23, 53, 79, 80, 81, 443, 1023, 1024, 5060, 65534, 65535};
constexpr std::uint32_t protocols[] = {0, 1, 2, 6, 17, 47, 58, 132, 255};
constexpr std::uint32_t ether_types[] = {0x0800, 0x86dd, 0x0806, 0x8100, 0x88a8, 0x88cc, 0x1234};
constexpr std::uint32_t vlan_ids[] = {0, 1, 2, 3, 100, 4094, 4095};
constexpr std::uint32_t lengths[] = {0, 28, 46, 60, 64, 100, 1500, 9000};
constexpr std::uint32_t icmp_types[] = {0, 3, 5, 8, 11, 99, 255};
constexpr std::uint32_t icmpv6_types[] = {1, 2, 3, 128, 129, 133, 135, 136, 200};
constexpr std::uint32_t icmp_codes[] = {0, 1, 2, 3, 4, 13, 255};
constexpr std::uint32_t ipv4_networks[] = {0xc0000200, 0xc6336400, 0xcb007100};  // RFC 5737

std::span<const std::uint32_t> pool(const FieldInfo& field) {
    switch (field.type) {
    case ValueType::InetService:
        return ports;
    case ValueType::InetProto:
        return protocols;
    case ValueType::EtherType:
        return ether_types;
    case ValueType::IcmpType:
        return icmp_types;
    case ValueType::Icmpv6Type:
        return icmpv6_types;
    case ValueType::IcmpCode:
    case ValueType::Icmpv6Code:
        return icmp_codes;
    default:
        return field.field == Field::VlanId ? std::span<const std::uint32_t>(vlan_ids) : lengths;
    }
}

bool is_address(ValueType type) {
    return type == ValueType::Ipv4Addr || type == ValueType::Ipv6Addr || type == ValueType::EtherAddr;
}

bool has_order(Relation relation) {
    return relation != Relation::Equal && relation != Relation::NotEqual;
}

}  // namespace

std::size_t RandomRuleset::below(std::size_t limit) {
    return random_() % limit;
}

Value RandomRuleset::value(Field field) {
    const FieldInfo& info = ruleset::info(field);
    switch (info.type) {
    case ValueType::Ipv4Addr:
        return ipv4_networks[below(std::size(ipv4_networks))] + below(16);
    case ValueType::Ipv6Addr:
        return (Value{0x20010db8} << 96U) + (Value{below(3)} << 64U) + below(16);
    case ValueType::EtherAddr:
        return 0x00005e005300U + below(16);  // RFC 7042
    case ValueType::TcpFlag:
        return below(all_flags + 1);
    default: {
        const bool leave_out_last = options_.for_nft_listing && field == Field::VlanId;
        return pool(info)[below(pool(info).size() - (leave_out_last ? 1 : 0))];
    }
    }
}

// A value, a range from one value to another, or for addresses a prefix around a value.
Interval RandomRuleset::interval(Field field) {
    const FieldInfo& info = ruleset::info(field);
    const Value first = value(field);
    if (chance(50))
        return {.first = first, .last = first};
    if (is_address(info.type) && chance(60)) {
        const Value host_bits = (Value{1} << below(13)) - 1;
        return {.first = first & ~host_bits, .last = first | host_bits};
    }
    const Value second = value(field);
    return {.first = std::min(first, second), .last = std::max(first, second)};
}

Relation RandomRuleset::relation() {
    constexpr Relation ordered[] = {Relation::Less, Relation::Greater, Relation::LessEqual, Relation::GreaterEqual};
    if (chance(10) && !(options_.for_nft_listing && has_order_)) {
        has_order_ = true;
        return ordered[below(std::size(ordered))];
    }
    return chance(25) ? Relation::NotEqual : Relation::Equal;
}

Match RandomRuleset::match(Field field) {
    const FieldInfo& info = ruleset::info(field);
    if (info.type == ValueType::TcpFlag)
        return flags_match();
    if (info.type == ValueType::Ifname)
        return name_match(field);
    Match match;
    match.field = field;
    match.relation = relation();
    if (has_order(match.relation)) {
        const Value single = value(field);
        match.values = {{.first = single, .last = single}};
        return match;
    }
    bool has_ranges = false;
    for (std::size_t left = chance(30) ? 2 + below(4) : 1; left > 0; --left) {
        match.values.push_back(interval(field));
        has_ranges |= match.values.back().first != match.values.back().last;
    }
    ruleset::merge_intervals(match.values, has_ranges);
    match.is_set = match.values.size() > 1;
    return match;
}

Match RandomRuleset::flags_match() {
    Match match;
    match.field = Field::TcpFlags;
    const Value some = 1 + below(all_flags - 1);  // neither none nor all
    const auto set_value = [&](Value flags) { match.values = {{.first = flags, .last = flags}}; };
    switch (below(options_.for_nft_listing ? 5 : 6)) {
    case 0:
        match.is_flags = true;
        match.mask = some;
        break;
    case 1:
        match.mask = some;
        set_value(0);
        break;
    case 2:
        match.relation = relation();
        set_value(value(Field::TcpFlags));
        break;
    case 3:
        match.values = {{.first = 1 + below(16), .last = 32 + below(200)}};
        break;
    case 4:
        match.mask = some | 0x03U;
        match.relation = chance(30) ? Relation::NotEqual : Relation::Equal;
        set_value(*match.mask & (1 + below(3)));
        if (*match.mask == all_flags)
            match.mask.reset();
        break;
    default:
        match.relation = chance(30) ? Relation::NotEqual : Relation::Equal;
        for (const Value flags : {1 + below(7), 16 + below(16), 64 + below(64)})
            match.values.push_back({.first = flags, .last = flags});
        match.is_set = true;
    }
    return match;
}

Match RandomRuleset::name_match(Field field) {
    Match match;
    match.field = field;
    match.relation = chance(30) ? Relation::NotEqual : Relation::Equal;
    std::vector<std::string> names = options_.devices;
    names.emplace_back("nosuch0");
    if (chance(30)) {
        std::ranges::sort(names);
        match.names = names;
    } else {
        const std::string& name = names[below(names.size())];
        match.names = {chance(20) ? name.substr(0, name.size() - 1) + "*" : name};
    }
    match.is_set = match.names.size() > 1;
    return match;
}

// In the order of the header: nft lists neighbouring fields that way.
void RandomRuleset::add_network(Rule& rule, bool is_ip6, bool has_transport) {
    const Field protocol = is_ip6 ? Field::Ip6Nexthdr : Field::IpProtocol;
    if (!has_transport && chance(30))
        rule.statements.emplace_back(match(protocol));
    if (chance(70))
        rule.statements.emplace_back(match(is_ip6 ? Field::Ip6Saddr : Field::IpSaddr));
    if (chance(50))
        rule.statements.emplace_back(match(is_ip6 ? Field::Ip6Daddr : Field::IpDaddr));
}

void RandomRuleset::add_transport(Rule& rule, Field first, Field second) {
    if (chance(40))
        rule.statements.emplace_back(match(first));
    if (chance(80))
        rule.statements.emplace_back(match(second));
    if (first == Field::TcpSport && chance(40))
        rule.statements.emplace_back(match(Field::TcpFlags));
}

Rule RandomRuleset::rule() {
    constexpr std::pair<Field, Field> transports[] = {
        {Field::TcpSport, Field::TcpDport},     {Field::TcpSport, Field::TcpDport},
        {Field::UdpSport, Field::UdpDport},     {Field::UdpSport, Field::UdpDport},
        {Field::SctpSport, Field::SctpDport},   {Field::IcmpType, Field::IcmpCode},
        {Field::Icmpv6Type, Field::Icmpv6Code},
    };
    Rule rule;
    has_order_ = false;
    if (chance(10))
        rule.statements.emplace_back(
            match(options_.hook == ruleset::Hook::Ingress ? Field::MetaIifname : Field::MetaOifname));
    if (chance(10))
        rule.statements.emplace_back(match(Field::EtherDaddr));
    if (chance(10))
        rule.statements.emplace_back(match(Field::EtherSaddr));
    if (chance(10))
        rule.statements.emplace_back(match(Field::VlanId));
    const bool has_transport = chance(60);
    const auto& [first, second] = transports[below(std::size(transports))];
    if (chance(50)) {
        const bool is_ip6 = has_transport && first == Field::Icmpv6Type ? true
                            : has_transport && first == Field::IcmpType ? false
                                                                        : chance(50);
        add_network(rule, is_ip6, has_transport);
    } else if (!has_transport && rule.statements.empty() && chance(50)) {
        rule.statements.emplace_back(match(chance(50) ? Field::EtherType : Field::MetaL4proto));
    }
    if (has_transport)
        add_transport(rule, first, second);
    if (chance(10))
        rule.statements.emplace_back(match(Field::MetaLength));
    if (chance(60)) {
        std::size_t place = rule.statements.size();
        if (chance(20))
            place = options_.for_nft_listing ? 0 : below(place + 1);
        rule.statements.insert(rule.statements.begin() + static_cast<std::ptrdiff_t>(place), ruleset::Counter{});
    }
    if (chance(15)) {
        ruleset::Log log;
        if (chance(50))
            log.prefix = fmt::format("log {}: ", below(100));
        if (chance(30))
            log.group = static_cast<std::uint16_t>(below(10));
        else if (chance(30))
            log.level = static_cast<ruleset::LogLevel>(below(8));
        if (log.group && chance(50))  // nft drops it elsewhere
            log.snaplen = static_cast<std::uint32_t>(below(1500));
        rule.statements.emplace_back(std::move(log));
    }
    if (chance(10))
        rule.statements.emplace_back(limit());
    if (chance(80) || rule.statements.empty())
        rule.statements.emplace_back(chance(50) ? Verdict::Accept : Verdict::Drop);
    if (chance(10))
        rule.comment = fmt::format("rule {}", below(1000));
    return rule;
}

// nft 1.0.6 does not list a burst of 5.
ruleset::Limit RandomRuleset::limit() {
    constexpr std::array<std::chrono::seconds, 5> periods{std::chrono::seconds(1), std::chrono::minutes(1),
                                                          std::chrono::hours(1), std::chrono::days(1),
                                                          std::chrono::weeks(1)};
    ruleset::Limit limit;
    limit.is_over = chance(50);
    limit.per = periods[below(periods.size())];
    if (chance(50)) {
        limit.rate = 1 + below(1'000'000);
        limit.burst = static_cast<std::uint32_t>(6 + below(1000));
        return limit;
    }
    limit.unit = ruleset::Limit::Unit::Bytes;
    limit.rate = (1 + below(10)) << (chance(50) ? 10U : 0U);
    limit.burst = static_cast<std::uint32_t>(chance(50) ? below(10'000) : 1024 * below(4));
    return limit;
}

Ruleset RandomRuleset::ruleset() {
    ruleset::Chain chain;
    chain.name = ruleset::default_chain(options_.hook);
    chain.hook = options_.hook;
    chain.devices = options_.devices;
    chain.policy = chance(50) ? Verdict::Accept : Verdict::Drop;
    for (std::size_t left = options_.rules; left > 0; --left)
        chain.rules.push_back(rule());
    ruleset::Table table;
    table.name = ruleset::default_table;
    table.chains.push_back(std::move(chain));
    Ruleset made;
    made.tables.push_back(std::move(table));
    return made;
}

}  // namespace xdpctl::test
