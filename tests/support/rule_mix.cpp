// SPDX-License-Identifier: BSD-2-Clause
#include "support/rule_mix.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace xdpctl::test {

namespace {

using ruleset::Chain;
using ruleset::Field;
using ruleset::Interval;
using ruleset::Match;
using ruleset::Relation;
using ruleset::Rule;
using ruleset::Value;

constexpr std::uint8_t icmp = 1, tcp = 6, udp = 17, icmpv6 = 58, sctp = 132;

bool chance(Random& random, double probability) {
    return std::bernoulli_distribution(probability)(random);
}

std::uint64_t below(Random& random, std::uint64_t bound) {
    return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(random);
}

template <std::size_t N, typename T>
T pick(Random& random, const T (&choices)[N]) {
    return choices[below(random, N)];
}

Interval prefix(Value address, unsigned length, unsigned bits) {
    const Value host =
        length == 0 ? (bits == 128 ? ~Value{0} : (Value{1} << bits) - 1) : (Value{1} << (bits - length)) - 1;
    return {address & ~host, (address & ~host) | host};
}

// Addresses gather around a few, so that rules meet.
class AddressPool {
public:
    AddressPool(Random& random, unsigned size) {
        for (unsigned i = 0; i < size; ++i) {
            ipv4_.push_back(static_cast<std::uint32_t>(random()));
            ipv6_.push_back(Value{0x20010db8} << 96 | Value{below(random, 8)} << 76 | Value{below(random, 4)} << 64 |
                            random());
        }
    }
    Interval interval(Random& random, bool v6) const {
        const unsigned bits = v6 ? 128 : 32;
        const Value address =
            (v6 ? ipv6_[below(random, ipv6_.size())] : Value{ipv4_[below(random, ipv4_.size())]}) ^ below(random, 4);
        if (chance(random, 0.15)) {
            const Value highest = v6 ? ~Value{0} : Value{0xffffffff};
            const Value distance = Value{below(random, 5000)} << (v6 && chance(random, 0.5) ? 60 : 0);
            return {address, highest - address < distance ? highest : address + distance};
        }
        const unsigned length = chance(random, 0.35) ? bits : static_cast<unsigned>(below(random, bits + 1));
        return prefix(address, length, bits);
    }

private:
    std::vector<std::uint32_t> ipv4_;
    std::vector<Value> ipv6_;
};

std::vector<Interval> sorted_apart(std::vector<Interval> intervals) {
    std::ranges::sort(intervals, {}, &Interval::first);
    std::vector<Interval> out;
    for (const Interval& interval : intervals)
        if (out.empty() || interval.first > out.back().last)
            out.push_back(interval);
    return out;
}

class ChainMaker {
public:
    ChainMaker(const RuleMix& mix, Random& random) : mix_(mix), random_(random), pool_(random, mix.pool) {}

    Chain make() {
        Chain chain;
        chain.name = "ingress";
        chain.policy = chance(random_, 0.5) ? ruleset::Verdict::Accept : ruleset::Verdict::Drop;
        for (std::size_t i = 0; i < mix_.rules; ++i)
            chain.rules.push_back(rule());
        return chain;
    }

private:
    template <typename Draw>
    Match match(Field field, Draw draw) {
        Match match;
        match.field = field;
        const std::size_t count = chance(random_, mix_.set) ? 2 + below(random_, 6) : 1;
        for (std::size_t i = 0; i < count; ++i)
            match.values.push_back(draw());
        match.values = sorted_apart(std::move(match.values));
        match.is_set = match.values.size() > 1;
        if (chance(random_, mix_.negated))
            match.relation = Relation::NotEqual;
        else if (match.values.size() == 1 && match.values[0].first == match.values[0].last && chance(random_, 0.05))
            match.relation =
                pick(random_, {Relation::Less, Relation::LessEqual, Relation::Greater, Relation::GreaterEqual});
        return match;
    }

    Interval port() {
        const Value first = chance(random_, 0.6) ? below(random_, 12) * 11 : below(random_, 0x10000);
        if (chance(random_, 0.6))
            return {first, first};
        return {first, std::min<Value>(0xffff, first + below(random_, 3000))};
    }

    Interval number(std::uint64_t bound) {
        const Value first = below(random_, bound);
        return {first, chance(random_, 0.7) ? first : std::min<Value>(bound - 1, first + below(random_, 4))};
    }

    Match flags() {
        Match match;
        match.field = Field::TcpFlags;
        switch (below(random_, 4)) {
        case 0:
            match.is_flags = true;
            match.mask = 1 + below(random_, 63);
            return match;
        case 1:
            match.values = {{below(random_, 64), 0}};
            break;
        default:
            match.mask = 1 + below(random_, 63);
            match.values = {{below(random_, 64) & *match.mask, 0}};
            break;
        }
        match.values[0].last = match.values[0].first;
        if (chance(random_, 0.2))
            match.relation = Relation::NotEqual;
        return match;
    }

    Match residual() {
        switch (below(random_, 7)) {
        case 0:
            return match(Field::EtherSaddr, [&] { return number(6); });
        case 1:
            return match(Field::EtherDaddr, [&] {
                const Value first = Value{below(random_, 3)} << 40 | below(random_, 4);
                return Interval{first, first};
            });
        case 2:
            return match(Field::EtherType, [&] {
                const Value type = pick(random_, {0x0800, 0x86dd, 0x8100, 0x0806});
                return Interval{type, type};
            });
        case 3:
            return match(Field::VlanId, [&] { return number(10); });
        case 4: {
            Match device;
            device.field = Field::MetaIifname;
            device.names = {pick(random_, {"eth0", "eth1", "eth*", "none"})};
            if (chance(random_, 0.3))
                device.relation = Relation::NotEqual;
            return device;
        }
        case 5:
            return match(Field::MetaLength, [&] { return number(1500); });
        default:
            return match(Field::MetaL4proto, [&] { return number(20); });
        }
    }

    void transport(Rule& rule, bool v6) {
        const auto port_value = [&] { return port(); };
        switch (below(random_, 6)) {
        case 0:
        case 1:
            if (!chance(random_, mix_.wildcard))
                rule.statements.emplace_back(match(Field::TcpSport, port_value));
            if (!chance(random_, mix_.wildcard))
                rule.statements.emplace_back(match(Field::TcpDport, port_value));
            if (chance(random_, mix_.residual))
                rule.statements.emplace_back(flags());
            break;
        case 2:
            if (!chance(random_, mix_.wildcard))
                rule.statements.emplace_back(match(Field::UdpSport, port_value));
            rule.statements.emplace_back(match(Field::UdpDport, port_value));
            break;
        case 3:
            rule.statements.emplace_back(match(v6 ? Field::Icmpv6Type : Field::IcmpType, [&] { return number(10); }));
            if (!chance(random_, mix_.wildcard))
                rule.statements.emplace_back(
                    match(v6 ? Field::Icmpv6Code : Field::IcmpCode, [&] { return number(4); }));
            break;
        case 4: {
            const auto proto = [&] {
                const Value value = pick(random_, {icmp, tcp, udp, sctp, icmpv6});
                return Interval{value, value};
            };
            rule.statements.emplace_back(
                match(chance(random_, 0.5) ? Field::MetaL4proto : (v6 ? Field::Ip6Nexthdr : Field::IpProtocol), proto));
            break;
        }
        default:
            if (chance(random_, 0.3))
                rule.statements.emplace_back(match(Field::SctpDport, port_value));
            break;
        }
    }

    Rule rule() {
        Rule rule;
        const bool v6 = chance(random_, mix_.ipv6);
        const auto address = [&] { return pool_.interval(random_, v6); };
        if (!chance(random_, mix_.wildcard))
            rule.statements.emplace_back(match(v6 ? Field::Ip6Saddr : Field::IpSaddr, address));
        if (!chance(random_, mix_.wildcard))
            rule.statements.emplace_back(match(v6 ? Field::Ip6Daddr : Field::IpDaddr, address));
        transport(rule, v6);
        if (chance(random_, mix_.residual))
            rule.statements.emplace_back(residual());
        if (chance(random_, mix_.split_counter) && !rule.statements.empty())
            rule.statements.insert(
                rule.statements.begin() + static_cast<std::ptrdiff_t>(below(random_, rule.statements.size())),
                ruleset::Counter{});
        else if (chance(random_, 0.5))
            rule.statements.emplace_back(ruleset::Counter{});
        if (!chance(random_, mix_.counter_only))
            rule.statements.emplace_back(chance(random_, 0.5) ? ruleset::Verdict::Accept : ruleset::Verdict::Drop);
        if (mix_.limited > 0 && rule.verdict() && chance(random_, mix_.limited))
            add_limit(rule);
        return rule;
    }

    // Of few packets that a limit of bytes takes, so that a full bucket holds for some.
    void add_limit(ruleset::Rule& rule) {
        ruleset::Limit limit;
        limit.unit = chance(random_, 0.5) ? ruleset::Limit::Unit::Bytes : ruleset::Limit::Unit::Packets;
        limit.is_over = chance(random_, 0.5);
        limit.rate = 1 + below(random_, 1500);
        limit.burst = limit.unit == ruleset::Limit::Unit::Packets ? ruleset::limit_burst_packets : 0;
        rule.statements.insert(
            rule.statements.begin() + static_cast<std::ptrdiff_t>(below(random_, rule.statements.size())), limit);
    }

    const RuleMix& mix_;
    Random& random_;
    AddressPool pool_;
};

void set_words(__u32 (&words)[4], Value value, bool v6) {
    if (!v6) {
        words[0] = static_cast<std::uint32_t>(value);
        return;
    }
    for (unsigned i = 0; i < 4; ++i)
        words[i] = static_cast<std::uint32_t>(value >> (96 - 32 * i));
}

// Writes a value into the packet and sets the headers that it needs.
void put(xdpctl_packet& packet, Field field, Value value) {
    const auto transport = [&](std::uint32_t header, std::uint8_t proto) {
        constexpr std::uint32_t all =
            XDPCTL_HEADER_TCP | XDPCTL_HEADER_UDP | XDPCTL_HEADER_SCTP | XDPCTL_HEADER_ICMP | XDPCTL_HEADER_ICMPV6;
        packet.headers = (packet.headers & ~all) | header | XDPCTL_HEADER_L4PROTO;
        packet.l4_proto = proto;
    };
    const auto network = [&](std::uint32_t header) {
        packet.headers = (packet.headers & ~(XDPCTL_HEADER_IPV4 | XDPCTL_HEADER_IPV6)) | header;
    };
    const auto number = static_cast<std::uint32_t>(value);
    switch (field) {
    case Field::EtherSaddr:
        packet.ether_saddr_high = static_cast<std::uint16_t>(value >> 32);
        packet.ether_saddr_low = number;
        return;
    case Field::EtherDaddr:
        packet.ether_daddr_high = static_cast<std::uint16_t>(value >> 32);
        packet.ether_daddr_low = number;
        return;
    case Field::EtherType:
        packet.ether_type = static_cast<std::uint16_t>(number);
        return;
    case Field::VlanId:
        packet.headers |= XDPCTL_HEADER_VLAN;
        packet.vlan_tci[0] = static_cast<std::uint16_t>((packet.vlan_tci[0] & 0xf000) | (number & 0xfff));
        return;
    case Field::IpProtocol:
    case Field::MetaL4proto:
        packet.headers |= XDPCTL_HEADER_L4PROTO;
        packet.l4_proto = static_cast<std::uint8_t>(number);
        return;
    case Field::IpSaddr:
    case Field::IpDaddr:
        network(XDPCTL_HEADER_IPV4);
        set_words(field == Field::IpSaddr ? packet.saddr : packet.daddr, value, false);
        return;
    case Field::Ip6Saddr:
    case Field::Ip6Daddr:
        network(XDPCTL_HEADER_IPV6);
        set_words(field == Field::Ip6Saddr ? packet.saddr : packet.daddr, value, true);
        return;
    case Field::Ip6Nexthdr:
        packet.ip6_nexthdr = static_cast<std::uint8_t>(number);
        return;
    case Field::TcpSport:
    case Field::TcpDport:
    case Field::TcpFlags:
        transport(XDPCTL_HEADER_TCP, tcp);
        break;
    case Field::UdpSport:
    case Field::UdpDport:
        transport(XDPCTL_HEADER_UDP, udp);
        break;
    case Field::SctpSport:
    case Field::SctpDport:
        transport(XDPCTL_HEADER_SCTP, sctp);
        break;
    case Field::IcmpType:
    case Field::IcmpCode:
        transport(XDPCTL_HEADER_ICMP, icmp);
        break;
    case Field::Icmpv6Type:
    case Field::Icmpv6Code:
        transport(XDPCTL_HEADER_ICMPV6, icmpv6);
        break;
    case Field::MetaLength:
        packet.length = number;
        return;
    default:  // no rule of a mix matches it
        return;
    }
    switch (field) {
    case Field::TcpFlags:
        packet.tcp_flags = static_cast<std::uint8_t>(number);
        return;
    case Field::TcpSport:
    case Field::UdpSport:
    case Field::SctpSport:
        packet.sport = static_cast<std::uint16_t>(number);
        return;
    case Field::IcmpType:
    case Field::Icmpv6Type:
        packet.icmp_type = static_cast<std::uint8_t>(number);
        return;
    case Field::IcmpCode:
    case Field::Icmpv6Code:
        packet.icmp_code = static_cast<std::uint8_t>(number);
        return;
    default:
        packet.dport = static_cast<std::uint16_t>(number);
        return;
    }
}

// A value at an edge of an interval, inside it or next to it.
Value edge(const Interval& interval, Random& random) {
    switch (below(random, 8)) {
    case 0:
        return interval.first;
    case 1:
        return interval.last;
    case 2:
        return interval.first - 1;
    case 3:
        return interval.last + 1;
    default: {
        const Value size = interval.last - interval.first;
        const Value anywhere = Value{random()} << 64 | random();
        return interval.first + (size == ~Value{0} ? anywhere : anywhere % (size + 1));
    }
    }
}

void put_rule(xdpctl_packet& packet, const Rule& rule, double keep, Random& random) {
    for (const auto& statement : rule.statements) {
        const auto* match = std::get_if<Match>(&statement);
        if (match == nullptr || !chance(random, keep))
            continue;
        if (match->is_flags)
            put(packet, match->field, *match->mask & random());
        else if (!match->values.empty())
            put(packet, match->field, edge(match->values[below(random, match->values.size())], random));
    }
}

xdpctl_packet noise(std::size_t devices, Random& random) {
    xdpctl_packet packet{};
    std::array<std::uint32_t, sizeof packet / 4> words{};
    for (std::uint32_t& word : words)
        word = static_cast<std::uint32_t>(random());
    std::memcpy(&packet, words.data(), sizeof packet);
    packet.device = static_cast<std::uint16_t>(below(random, devices));
    packet.ether_saddr_high = 0;
    packet.ether_saddr_low = static_cast<std::uint32_t>(below(random, 6));
    packet.reason %= XDPCTL_REASONS;
    packet.behind = 0;  // as the entry leaves it
    packet.malformed %= XDPCTL_REASONS;
    packet.length = static_cast<std::uint32_t>(below(random, 1500));
    packet.headers = XDPCTL_HEADER_ETHERNET;
    switch (below(random, 8)) {
    case 0:
        return packet;
    case 1:
        packet.headers |= XDPCTL_HEADER_ARP;
        return packet;
    case 2:
    case 3:
        packet.headers |= XDPCTL_HEADER_IPV6 | XDPCTL_HEADER_L4PROTO;
        break;
    default:
        packet.headers |= XDPCTL_HEADER_IPV4 | XDPCTL_HEADER_L4PROTO;
        break;
    }
    if (chance(random, 0.2))
        packet.headers |= XDPCTL_HEADER_VLAN;
    const bool v6 = (packet.headers & XDPCTL_HEADER_IPV6) != 0;
    packet.l4_proto = pick(random, {tcp, udp, sctp, v6 ? icmpv6 : icmp, std::uint8_t{47}});
    if (chance(random, 0.1)) {
        packet.headers |= XDPCTL_HEADER_FRAGMENT;
        return packet;
    }
    switch (packet.l4_proto) {
    case tcp:
        packet.headers |= XDPCTL_HEADER_TCP;
        break;
    case udp:
        packet.headers |= XDPCTL_HEADER_UDP;
        break;
    case sctp:
        packet.headers |= XDPCTL_HEADER_SCTP;
        break;
    case icmp:
        packet.headers |= XDPCTL_HEADER_ICMP;
        break;
    case icmpv6:
        packet.headers |= XDPCTL_HEADER_ICMPV6;
        break;
    default:
        break;
    }
    return packet;
}

// Headers as a parser finds them: a transport header only behind the network header that names it.
void make_consistent(xdpctl_packet& packet) {
    const bool v4 = (packet.headers & XDPCTL_HEADER_IPV4) != 0, v6 = (packet.headers & XDPCTL_HEADER_IPV6) != 0;
    const auto keep = [&](std::uint32_t header, bool possible) {
        if (!possible)
            packet.headers &= ~header;
    };
    keep(XDPCTL_HEADER_L4PROTO, v4 || v6);
    keep(XDPCTL_HEADER_ARP, !v4 && !v6);
    keep(XDPCTL_HEADER_TCP, (v4 || v6) && packet.l4_proto == tcp);
    keep(XDPCTL_HEADER_UDP, (v4 || v6) && packet.l4_proto == udp);
    keep(XDPCTL_HEADER_SCTP, (v4 || v6) && packet.l4_proto == sctp);
    keep(XDPCTL_HEADER_ICMP, v4 && packet.l4_proto == icmp);
    keep(XDPCTL_HEADER_ICMPV6, v6 && packet.l4_proto == icmpv6);
}

}  // namespace

Chain mixed_chain(const RuleMix& mix, Random& random) {
    return ChainMaker(mix, random).make();
}

xdpctl_packet random_packet(const Chain& chain, std::size_t devices, Random& random) {
    xdpctl_packet packet = noise(devices, random);
    if (chain.rules.empty() || chance(random, 0.1))
        return packet;
    const auto rule = [&]() -> const Rule& { return chain.rules[below(random, chain.rules.size())]; };
    if (chance(random, 0.3))
        put_rule(packet, rule(), 0.5, random);
    put_rule(packet, rule(), chance(random, 0.5) ? 1.0 : 0.8, random);
    make_consistent(packet);
    return packet;
}

std::vector<std::string> test_devices() {
    return {"eth0", "eth1", "", "wan0"};
}

}  // namespace xdpctl::test
