// SPDX-License-Identifier: BSD-2-Clause
#include "compile/condition.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "maps/packet.h"

namespace xdpctl::compile {

namespace {

using ruleset::Field;
using ruleset::Interval;
using ruleset::Match;
using ruleset::Relation;
using ruleset::Value;

struct FieldPlace {
    std::uint32_t headers;
    std::vector<Word> words;
};

constexpr Word word8(std::size_t offset) {
    return {static_cast<std::uint16_t>(offset), 1, 0xff};
}
constexpr Word word16(std::size_t offset) {
    return {static_cast<std::uint16_t>(offset), 2, 0xffff};
}
constexpr Word word32(std::size_t offset) {
    return {static_cast<std::uint16_t>(offset), 4, 0xffffffff};
}

std::vector<Word> ipv6_words(std::size_t offset) {
    return {word32(offset), word32(offset + 4), word32(offset + 8), word32(offset + 12)};
}

// Where the entry program puts a field, and the headers without which it is not there.
FieldPlace place(Field field) {
    using packet = xdpctl_packet;
    switch (field) {
    case Field::EtherSaddr:
        return {XDPCTL_HEADER_ETHERNET,
                {word16(offsetof(packet, ether_saddr_high)), word32(offsetof(packet, ether_saddr_low))}};
    case Field::EtherDaddr:
        return {XDPCTL_HEADER_ETHERNET,
                {word16(offsetof(packet, ether_daddr_high)), word32(offsetof(packet, ether_daddr_low))}};
    case Field::EtherType:
        return {XDPCTL_HEADER_ETHERNET, {word16(offsetof(packet, ether_type))}};
    case Field::VlanId:
        return {XDPCTL_HEADER_VLAN, {Word{offsetof(packet, vlan_tci), 2, 0xfff}}};
    case Field::IpProtocol:
        return {XDPCTL_HEADER_IPV4, {word8(offsetof(packet, l4_proto))}};
    case Field::IpSaddr:
        return {XDPCTL_HEADER_IPV4, {word32(offsetof(packet, saddr))}};
    case Field::IpDaddr:
        return {XDPCTL_HEADER_IPV4, {word32(offsetof(packet, daddr))}};
    case Field::Ip6Nexthdr:
        return {XDPCTL_HEADER_IPV6, {word8(offsetof(packet, ip6_nexthdr))}};
    case Field::Ip6Saddr:
        return {XDPCTL_HEADER_IPV6, ipv6_words(offsetof(packet, saddr))};
    case Field::Ip6Daddr:
        return {XDPCTL_HEADER_IPV6, ipv6_words(offsetof(packet, daddr))};
    case Field::TcpSport:
        return {XDPCTL_HEADER_TCP, {word16(offsetof(packet, sport))}};
    case Field::TcpDport:
        return {XDPCTL_HEADER_TCP, {word16(offsetof(packet, dport))}};
    case Field::TcpFlags:
        return {XDPCTL_HEADER_TCP, {word8(offsetof(packet, tcp_flags))}};
    case Field::UdpSport:
        return {XDPCTL_HEADER_UDP, {word16(offsetof(packet, sport))}};
    case Field::UdpDport:
        return {XDPCTL_HEADER_UDP, {word16(offsetof(packet, dport))}};
    case Field::SctpSport:
        return {XDPCTL_HEADER_SCTP, {word16(offsetof(packet, sport))}};
    case Field::SctpDport:
        return {XDPCTL_HEADER_SCTP, {word16(offsetof(packet, dport))}};
    case Field::IcmpType:
        return {XDPCTL_HEADER_ICMP, {word8(offsetof(packet, icmp_type))}};
    case Field::IcmpCode:
        return {XDPCTL_HEADER_ICMP, {word8(offsetof(packet, icmp_code))}};
    case Field::Icmpv6Type:
        return {XDPCTL_HEADER_ICMPV6, {word8(offsetof(packet, icmp_type))}};
    case Field::Icmpv6Code:
        return {XDPCTL_HEADER_ICMPV6, {word8(offsetof(packet, icmp_code))}};
    case Field::MetaL4proto:
        return {XDPCTL_HEADER_L4PROTO, {word8(offsetof(packet, l4_proto))}};
    case Field::MetaIifname:
    case Field::MetaOifname:
        return {0, {word16(offsetof(packet, device))}};
    case Field::MetaLength:
        return {0, {word32(offsetof(packet, length))}};
    }
    std::unreachable();
}

unsigned total_bits(std::span<const Word> words) {
    unsigned bits = 0;
    for (const Word& word : words)
        bits += word.bits();
    return bits;
}

Value highest_value(std::span<const Word> words) {
    const unsigned bits = total_bits(words);
    return bits == 128 ? ~Value{0} : (Value{1} << bits) - 1;
}

// Sorts, cuts off what the field cannot hold and joins neighbours.
std::vector<Interval> normalized(std::vector<Interval> intervals, Value highest) {
    std::ranges::sort(intervals, {}, &Interval::first);
    std::vector<Interval> out;
    for (Interval interval : intervals) {
        if (interval.first > highest || interval.first > interval.last)
            continue;
        interval.last = std::min(interval.last, highest);
        if (!out.empty() && (out.back().last == highest || interval.first <= out.back().last + 1))
            out.back().last = std::max(out.back().last, interval.last);
        else
            out.push_back(interval);
    }
    return out;
}

std::vector<Interval> complement(std::span<const Interval> intervals, Value highest) {
    std::vector<Interval> out;
    Value next = 0;
    for (const Interval& interval : intervals) {
        if (interval.first > next)
            out.push_back({next, interval.first - 1});
        if (interval.last == highest)
            return out;
        next = interval.last + 1;
    }
    out.push_back({next, highest});
    return out;
}

bool name_matches(std::string_view pattern, std::string_view name) {
    if (pattern.ends_with('*'))
        return name.starts_with(pattern.substr(0, pattern.size() - 1));
    return pattern == name;
}

// Slots of the devices that one of the names means.
std::vector<Interval> device_slots(std::span<const std::string> patterns, std::span<const std::string> device_names) {
    std::vector<Interval> out;
    for (std::size_t slot = 0; slot < device_names.size(); ++slot) {
        const std::string& name = device_names[slot];
        if (!name.empty() &&
            std::ranges::any_of(patterns, [&](std::string_view pattern) { return name_matches(pattern, name); }))
            out.push_back({slot, slot});
    }
    return out;
}

// The values for which `value relation interval` is true; NotEqual is left to the caller.
Interval related(Relation relation, const Interval& interval, Value highest) {
    constexpr Interval none{1, 0};
    switch (relation) {
    case Relation::Less:
        return interval.first == 0 ? none : Interval{0, interval.first - 1};
    case Relation::LessEqual:
        return {0, interval.last};
    case Relation::Greater:
        return interval.last >= highest ? none : Interval{interval.last + 1, highest};
    case Relation::GreaterEqual:
        return {interval.first, highest};
    case Relation::Equal:
    case Relation::NotEqual:
        return interval;
    }
    std::unreachable();
}

std::vector<Interval> values_of(const Match& match, std::span<const std::string> device_names, Value highest) {
    if (match.field == Field::MetaIifname || match.field == Field::MetaOifname)
        return device_slots(match.names, device_names);
    if (match.is_flags)
        return {{1, highest}};
    std::vector<Interval> out;
    for (const Interval& interval : match.values)
        out.push_back(related(match.relation, interval, highest));
    return out;
}

void apply_mask(std::vector<Word>& words, Value mask) {
    for (auto word = words.rbegin(); word != words.rend(); ++word) {
        word->mask &= static_cast<std::uint32_t>(mask);
        mask >>= word->bits();
    }
}

}  // namespace

bool Condition::always() const {
    return holds.size() == 1 && holds.front() == Interval{0, highest_value(words)};
}

std::optional<Hull> hull(const Condition& condition) {
    if (condition.never())
        return std::nullopt;
    const Value first = condition.holds.front().first;
    const Value last = condition.holds.back().last;
    unsigned shift = total_bits(condition.words);
    std::optional<Hull> out;
    for (const Word& word : condition.words) {
        shift -= word.bits();
        const Hull here{word, static_cast<std::uint32_t>(first >> shift) & word.highest(),
                        static_cast<std::uint32_t>(last >> shift) & word.highest()};
        if (here.first != 0 || here.last != word.highest())
            out = here;
        if (here.first != here.last)
            break;
    }
    return out;
}

Condition condition(const Match& match, std::span<const std::string> device_names) {
    FieldPlace field = place(match.field);
    const Value highest = highest_value(field.words);
    std::vector<Interval> holds = normalized(values_of(match, device_names, highest), highest);
    if (match.relation == Relation::NotEqual)
        holds = complement(holds, highest);
    if (match.mask)
        apply_mask(field.words, *match.mask);
    return {field.headers, std::move(field.words), std::move(holds)};
}

}  // namespace xdpctl::compile
