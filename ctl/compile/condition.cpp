// SPDX-License-Identifier: BSD-2-Clause
#include "compile/condition.h"

#include <netinet/in.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <string_view>
#include <utility>
#include <variant>

#include "maps/packet.h"
#include "ruleset/reach.h"

namespace xdpctl::compile {

namespace {

using ruleset::Field;
using ruleset::Interval;
using ruleset::Match;
using ruleset::Relation;
using ruleset::Value;

// Where a field is. Its value is the words' without `shift` bits at the end.
struct FieldPlace {
    std::uint32_t headers = 0;
    std::vector<Word> words = {};
    unsigned shift = 0;
    // Another word that must have one of these values, such as the type of ICMP messages with that field.
    std::optional<Word> kind = {};
    std::vector<std::uint32_t> kinds = {};
};

constexpr Word word8(std::size_t offset) {
    return {.offset = static_cast<std::uint16_t>(offset), .bytes = 1, .mask = 0xff};
}
constexpr Word word16(std::size_t offset, std::uint32_t mask = 0xffff) {
    return {.offset = static_cast<std::uint16_t>(offset), .bytes = 2, .mask = mask};
}
constexpr Word word32(std::size_t offset, std::uint32_t mask = 0xffffffff) {
    return {.offset = static_cast<std::uint16_t>(offset), .bytes = 4, .mask = mask};
}

std::vector<Word> ipv6_words(std::size_t offset) {
    return {word32(offset), word32(offset + 4), word32(offset + 8), word32(offset + 12)};
}

FieldPlace in_context(Source source) {
    return {.words = {{.offset = 0, .bytes = 4, .mask = 0xffffffff, .source = source}}};
}

// The two bytes of the link header that say what follows are those of the parsed packet, which knows tags that were
// taken off.
Word ether_type_word(std::size_t byte, std::uint8_t bytes) {
    constexpr std::size_t at = offsetof(xdpctl_packet, ether_type);
    if (bytes == 2)
        return word16(at);
    return word8(at + (std::endian::native == std::endian::little ? 13 - byte : byte - 12));
}

// Bytes of the frame as words, none of which crosses one of the link header's edges behind which a tag may be missing.
std::vector<Word> frame_words(Source source, std::size_t first, std::size_t end) {
    constexpr std::size_t edges[] = {12, 14, 16};
    std::vector<Word> out;
    while (first < end) {
        std::size_t size = std::min<std::size_t>(end - first, 4);
        if (source == Source::Link)
            for (const std::size_t edge : edges)
                if (first < edge)
                    size = std::min(size, edge - first);
        size = std::bit_floor(size);
        const auto bytes = static_cast<std::uint8_t>(size);
        if (source == Source::Link && first >= 12 && first < 14)
            out.push_back(ether_type_word(first, bytes));
        else
            out.push_back({.offset = static_cast<std::uint16_t>(first),
                           .bytes = bytes,
                           .mask = static_cast<std::uint32_t>((std::uint64_t{1} << (8 * size)) - 1),
                           .source = source});
        first += size;
    }
    return out;
}

// Bits of the frame: those in front of them in their first byte do not count, those behind are shifted out.
FieldPlace in_frame(std::uint32_t headers, Source source, std::uint32_t offset, std::uint32_t bits) {
    const std::size_t end = (offset + bits + 7) / 8;
    FieldPlace out{.headers = headers, .words = frame_words(source, offset / 8, end)};
    out.shift = static_cast<unsigned>(8 * end - offset - bits);
    Word& front = out.words.front();
    front.mask >>= offset % 8;
    return out;
}

struct FrameField {
    Field field;
    std::uint32_t headers;
    Source source;
    std::uint32_t offset;  // in bits
};

// Fields that the entry program leaves in the frame. Their header's bit says that they are there.
constexpr FrameField frame_fields[] = {
    {Field::VlanType, XDPCTL_HEADER_VLAN, Source::Link, 128},
    {Field::VlanInnerType, XDPCTL_HEADER_QINQ, Source::Link, 160},
    {Field::ArpHtype, XDPCTL_HEADER_ARP_FIXED, Source::Network, 0},
    {Field::ArpPtype, XDPCTL_HEADER_ARP_FIXED, Source::Network, 16},
    {Field::ArpHlen, XDPCTL_HEADER_ARP_FIXED, Source::Network, 32},
    {Field::ArpPlen, XDPCTL_HEADER_ARP_FIXED, Source::Network, 40},
    {Field::ArpOperation, XDPCTL_HEADER_ARP_FIXED, Source::Network, 48},
    {Field::ArpSaddrEther, XDPCTL_HEADER_ARP, Source::Network, 64},
    {Field::ArpSaddrIp, XDPCTL_HEADER_ARP, Source::Network, 112},
    {Field::ArpDaddrEther, XDPCTL_HEADER_ARP, Source::Network, 144},
    {Field::ArpDaddrIp, XDPCTL_HEADER_ARP, Source::Network, 192},
    {Field::IpVersion, XDPCTL_HEADER_IPV4, Source::Network, 0},
    {Field::IpHdrlength, XDPCTL_HEADER_IPV4, Source::Network, 4},
    {Field::IpDscp, XDPCTL_HEADER_IPV4, Source::Network, 8},
    {Field::IpEcn, XDPCTL_HEADER_IPV4, Source::Network, 14},
    {Field::IpLength, XDPCTL_HEADER_IPV4, Source::Network, 16},
    {Field::IpId, XDPCTL_HEADER_IPV4, Source::Network, 32},
    {Field::IpFragOff, XDPCTL_HEADER_IPV4, Source::Network, 48},
    {Field::IpTtl, XDPCTL_HEADER_IPV4, Source::Network, 64},
    {Field::IpChecksum, XDPCTL_HEADER_IPV4, Source::Network, 80},
    {Field::Ip6Version, XDPCTL_HEADER_IPV6, Source::Network, 0},
    {Field::Ip6Dscp, XDPCTL_HEADER_IPV6, Source::Network, 4},
    {Field::Ip6Ecn, XDPCTL_HEADER_IPV6, Source::Network, 10},
    {Field::Ip6Flowlabel, XDPCTL_HEADER_IPV6, Source::Network, 12},
    {Field::Ip6Length, XDPCTL_HEADER_IPV6, Source::Network, 32},
    {Field::Ip6Hoplimit, XDPCTL_HEADER_IPV6, Source::Network, 56},
    {Field::FragNexthdr, XDPCTL_HEADER_IPV6_FRAGMENT, Source::Fragment, 0},
    {Field::FragReserved, XDPCTL_HEADER_IPV6_FRAGMENT, Source::Fragment, 8},
    {Field::FragFragOff, XDPCTL_HEADER_IPV6_FRAGMENT, Source::Fragment, 16},
    {Field::FragReserved2, XDPCTL_HEADER_IPV6_FRAGMENT, Source::Fragment, 29},
    {Field::FragMoreFragments, XDPCTL_HEADER_IPV6_FRAGMENT, Source::Fragment, 31},
    {Field::FragId, XDPCTL_HEADER_IPV6_FRAGMENT, Source::Fragment, 32},
    {Field::TcpSequence, XDPCTL_HEADER_TCP, Source::Transport, 32},
    {Field::TcpAckseq, XDPCTL_HEADER_TCP, Source::Transport, 64},
    {Field::TcpDoff, XDPCTL_HEADER_TCP, Source::Transport, 96},
    {Field::TcpReserved, XDPCTL_HEADER_TCP, Source::Transport, 100},
    {Field::TcpWindow, XDPCTL_HEADER_TCP, Source::Transport, 112},
    {Field::TcpChecksum, XDPCTL_HEADER_TCP, Source::Transport, 128},
    {Field::TcpUrgptr, XDPCTL_HEADER_TCP, Source::Transport, 144},
    {Field::UdpLength, XDPCTL_HEADER_UDP, Source::Transport, 32},
    {Field::UdpChecksum, XDPCTL_HEADER_UDP, Source::Transport, 48},
    {Field::SctpVtag, XDPCTL_HEADER_SCTP, Source::Transport, 32},
    {Field::SctpChecksum, XDPCTL_HEADER_SCTP, Source::Transport, 64},
    {Field::IcmpChecksum, XDPCTL_HEADER_ICMP, Source::Transport, 16},
    {Field::Icmpv6Checksum, XDPCTL_HEADER_ICMPV6, Source::Transport, 16},
};

// Fields that only messages of some types have.
struct MessageField {
    Field field;
    std::uint32_t headers;
    std::uint32_t offset;  // in bits, in the transport header
    std::uint8_t types[2];
};

constexpr MessageField message_fields[] = {
    {Field::IcmpId, XDPCTL_HEADER_ICMP, 32, {0, 8}},
    {Field::IcmpSequence, XDPCTL_HEADER_ICMP, 48, {0, 8}},
    {Field::IcmpGateway, XDPCTL_HEADER_ICMP, 32, {5, 5}},
    {Field::IcmpMtu, XDPCTL_HEADER_ICMP, 48, {3, 3}},
    {Field::Icmpv6Id, XDPCTL_HEADER_ICMPV6, 32, {128, 129}},
    {Field::Icmpv6Sequence, XDPCTL_HEADER_ICMPV6, 48, {128, 129}},
    {Field::Icmpv6Mtu, XDPCTL_HEADER_ICMPV6, 32, {2, 2}},
    {Field::Icmpv6MaxDelay, XDPCTL_HEADER_ICMPV6, 32, {130, 130}},
};

// Fields of transport protocols without a bit of their own.
struct OtherTransportField {
    Field field;
    std::uint32_t offset;  // in bits
    std::uint8_t protocol;
};

constexpr OtherTransportField other_transport_fields[] = {
    {Field::UdpliteSport, 0, IPPROTO_UDPLITE},
    {Field::UdpliteDport, 16, IPPROTO_UDPLITE},
    {Field::UdpliteCsumcov, 32, IPPROTO_UDPLITE},
    {Field::UdpliteChecksum, 48, IPPROTO_UDPLITE},
    {Field::DccpSport, 0, IPPROTO_DCCP},
    {Field::DccpDport, 16, IPPROTO_DCCP},
    {Field::DccpType, 67, IPPROTO_DCCP},
    {Field::IgmpType, 0, IPPROTO_IGMP},
    {Field::IgmpMrt, 8, IPPROTO_IGMP},
    {Field::IgmpChecksum, 16, IPPROTO_IGMP},
    {Field::IgmpGroup, 32, IPPROTO_IGMP},
    {Field::AhNexthdr, 0, IPPROTO_AH},
    {Field::AhHdrlength, 8, IPPROTO_AH},
    {Field::AhReserved, 16, IPPROTO_AH},
    {Field::AhSpi, 32, IPPROTO_AH},
    {Field::AhSequence, 64, IPPROTO_AH},
    {Field::EspSpi, 0, IPPROTO_ESP},
    {Field::EspSequence, 32, IPPROTO_ESP},
    {Field::CompNexthdr, 0, IPPROTO_COMP},
    {Field::CompFlags, 8, IPPROTO_COMP},
    {Field::CompCpi, 16, IPPROTO_COMP},
};

// IGMP is a protocol of IPv4.
std::uint32_t other_transport_headers(std::uint8_t protocol) {
    return XDPCTL_HEADER_OTHER_TRANSPORT | (protocol == IPPROTO_IGMP ? XDPCTL_HEADER_IPV4 : 0);
}

std::optional<FieldPlace> place_in_frame(const ruleset::FieldInfo& info) {
    if (const auto* at = std::ranges::find(frame_fields, info.field, &FrameField::field); at != std::end(frame_fields))
        return in_frame(at->headers, at->source, at->offset, info.bits);
    if (const auto* at = std::ranges::find(message_fields, info.field, &MessageField::field);
        at != std::end(message_fields)) {
        FieldPlace out = in_frame(at->headers, Source::Transport, at->offset, info.bits);
        out.kind = word8(offsetof(xdpctl_packet, icmp_type));
        out.kinds.assign(std::begin(at->types), std::end(at->types));
        return out;
    }
    if (const auto* at = std::ranges::find(other_transport_fields, info.field, &OtherTransportField::field);
        at != std::end(other_transport_fields)) {
        FieldPlace out = in_frame(other_transport_headers(at->protocol), Source::Transport, at->offset, info.bits);
        out.kind = word8(offsetof(xdpctl_packet, l4_proto));
        out.kinds = {at->protocol};
        return out;
    }
    return std::nullopt;
}

FieldPlace place(const ruleset::RawPayload& payload) {
    using Base = ruleset::RawPayload::Base;
    const bool from_link = payload.base == Base::Link;
    const bool from_network = payload.base == Base::Network;
    const std::uint32_t headers = from_link      ? XDPCTL_HEADER_ETHERNET
                                  : from_network ? XDPCTL_HEADER_NETWORK
                                                 : XDPCTL_HEADER_TRANSPORT;
    const Source source = from_link ? Source::Link : from_network ? Source::Network : Source::Transport;
    FieldPlace out = in_frame(headers, source, payload.offset, payload.length);
    for (Word& word : out.words)
        word.is_free = word.source == source;
    return out;
}

// A bit of the packet's headers, beside the one that says whether the walk over them came to its end.
FieldPlace extension(std::uint32_t header) {
    return {.headers = XDPCTL_HEADER_IPV6,
            .words = {word32(offsetof(xdpctl_packet, headers), header | XDPCTL_HEADER_L4PROTO)},
            .shift = static_cast<unsigned>(std::countr_zero(header))};
}

// Where the entry program puts a field, and the headers without which it is not there.
FieldPlace place(const Match& match) {
    using packet = xdpctl_packet;
    constexpr std::size_t inner_tci = offsetof(packet, vlan_tci) + sizeof(__u16);
    switch (match.field) {
    case Field::EtherSaddr:
        return {XDPCTL_HEADER_ETHERNET,
                {word16(offsetof(packet, ether_saddr_high)), word32(offsetof(packet, ether_saddr_low))}};
    case Field::EtherDaddr:
        return {XDPCTL_HEADER_ETHERNET,
                {word16(offsetof(packet, ether_daddr_high)), word32(offsetof(packet, ether_daddr_low))}};
    case Field::EtherType:
        return {XDPCTL_HEADER_ETHERNET, {word16(offsetof(packet, ether_type))}};
    case Field::VlanId:
        return {XDPCTL_HEADER_VLAN, {word16(offsetof(packet, vlan_tci), 0xfff)}};
    case Field::VlanPcp:
        return {XDPCTL_HEADER_VLAN, {word16(offsetof(packet, vlan_tci))}, 13};
    case Field::VlanDei:
        return {XDPCTL_HEADER_VLAN, {word16(offsetof(packet, vlan_tci), 0x1fff)}, 12};
    case Field::VlanInnerId:
        return {XDPCTL_HEADER_QINQ, {word16(inner_tci, 0xfff)}};
    case Field::VlanInnerPcp:
        return {XDPCTL_HEADER_QINQ, {word16(inner_tci)}, 13};
    case Field::VlanInnerDei:
        return {XDPCTL_HEADER_QINQ, {word16(inner_tci, 0x1fff)}, 12};
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
    case Field::ExthdrHbh:
        return extension(XDPCTL_HEADER_HOP_OPTIONS);
    case Field::ExthdrRt:
        return extension(XDPCTL_HEADER_ROUTING);
    case Field::ExthdrFrag:
        return extension(XDPCTL_HEADER_IPV6_FRAGMENT);
    case Field::ExthdrDst:
        return extension(XDPCTL_HEADER_DESTINATION_OPTIONS);
    case Field::ExthdrMh:
        return extension(XDPCTL_HEADER_MOBILITY);
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
    case Field::ThSport:
        return place({.base = ruleset::RawPayload::Base::Transport, .offset = 0, .length = 16});
    case Field::ThDport:
        return place({.base = ruleset::RawPayload::Base::Transport, .offset = 16, .length = 16});
    case Field::IcmpType:
        return {XDPCTL_HEADER_ICMP, {word8(offsetof(packet, icmp_type))}};
    case Field::IcmpCode:
        return {XDPCTL_HEADER_ICMP, {word8(offsetof(packet, icmp_code))}};
    case Field::Icmpv6Type:
        return {XDPCTL_HEADER_ICMPV6, {word8(offsetof(packet, icmp_type))}};
    case Field::Icmpv6Code:
        return {XDPCTL_HEADER_ICMPV6, {word8(offsetof(packet, icmp_code))}};
    case Field::MetaProtocol:
        return {XDPCTL_HEADER_NETWORK, {word16(offsetof(packet, network_proto))}};
    case Field::MetaL4proto:
        return {XDPCTL_HEADER_L4PROTO, {word8(offsetof(packet, l4_proto))}};
    case Field::MetaLength:
        return {0, {word32(offsetof(packet, length))}};
    case Field::MetaIif:
    case Field::MetaOif:
    case Field::MetaIifname:
    case Field::MetaOifname:
        return {0, {word16(offsetof(packet, device))}};
    case Field::MetaMark:
        return in_context(Source::Mark);
    case Field::MetaPriority:
        return in_context(Source::Priority);
    case Field::MetaPkttype:
        return in_context(Source::PacketType);
    case Field::MetaCpu:
        return in_context(Source::Cpu);
    case Field::MetaRandom:
        return in_context(Source::Random);
    case Field::Raw:
        return place(match.payload);
    default:
        return *place_in_frame(ruleset::info(match.field));
    }
}

unsigned total_bits(std::span<const Word> words) {
    unsigned bits = 0;
    for (const Word& word : words)
        bits += word.bits();
    return bits;
}

Value highest_of(unsigned bits) {
    return bits == 128 ? ~Value{0} : (Value{1} << bits) - 1;
}

Value highest_value(std::span<const Word> words) {
    return highest_of(total_bits(words));
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
    if (ruleset::is_interface(ruleset::info(match.field).type))
        return device_slots(match.names, device_names);
    if (match.is_flags)
        return {{1, highest}};
    std::vector<Interval> out;
    for (const Interval& interval : match.values)
        out.push_back(related(match.relation, interval, highest));
    return out;
}

// Whether an extension header is there (1), is not (0), or is not known to be (neither).
std::vector<Interval> of_extension(std::span<const Interval> holds, const Word& word) {
    const std::uint32_t is_there = word.mask & ~std::uint32_t{XDPCTL_HEADER_L4PROTO};
    std::vector<Interval> out;
    for (const Interval& interval : holds) {
        if (interval.first == 0)
            out.push_back({XDPCTL_HEADER_L4PROTO, is_there - 1});
        if (interval.last == 1)
            out.push_back({is_there, word.highest()});
    }
    return out;
}

// Values of the words for those of the field. What stands above the field is masked out, so that the last values may
// go on to the words' highest.
std::vector<Interval> widened(std::span<const Interval> holds, const FieldPlace& place, Value field_highest) {
    const Value behind = (Value{1} << place.shift) - 1;
    std::vector<Interval> out;
    for (const Interval& interval : holds)
        out.push_back({interval.first << place.shift, interval.last == field_highest
                                                          ? highest_value(place.words)
                                                          : (interval.last << place.shift) | behind});
    return out;
}

// Puts the word for the packet's kind in front of the others.
std::vector<Interval> demand_kind(std::span<const Interval> holds, FieldPlace& place) {
    const unsigned bits = total_bits(place.words);
    std::vector<Interval> out;
    for (const std::uint32_t kind : place.kinds)
        for (const Interval& interval : holds)
            out.push_back({Value{kind} << bits | interval.first, Value{kind} << bits | interval.last});
    place.words.insert(place.words.begin(), *place.kind);
    return normalized(std::move(out), highest_value(place.words));
}

// `value` is of the field, as wide as the words or shorter.
void spread(std::vector<Word>& words, Value value, void (*put)(Word&, std::uint32_t)) {
    for (auto word = words.rbegin(); word != words.rend(); ++word) {
        put(*word, static_cast<std::uint32_t>(value) & word->highest());
        value >>= word->bits();
    }
}

}  // namespace

bool Condition::always() const {
    return holds.size() == 1 && holds.front() == Interval{0, highest_value(words)} &&
           std::ranges::none_of(words, &Word::is_free);
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
    FieldPlace field = place(match);
    const ruleset::FieldInfo info = ruleset::field_of(match);
    const bool is_device = ruleset::is_interface(info.type);
    const Value highest = is_device ? highest_value(field.words) : highest_of(info.bits);
    std::vector<Interval> holds = normalized(values_of(match, device_names, highest), highest);
    if (match.relation == Relation::NotEqual)
        holds = complement(holds, highest);
    if (match.mask) {
        spread(field.words, *match.mask << field.shift, [](Word& word, std::uint32_t mask) { word.mask &= mask; });
        spread(field.words, match.ones << field.shift, [](Word& word, std::uint32_t ones) { word.ones = ones; });
    }
    if (info.type == ruleset::ValueType::Existence)
        holds = of_extension(holds, field.words.front());
    else
        holds = widened(holds, field, highest);
    if (field.kind)
        holds = demand_kind(holds, field);
    const unsigned bits = is_device ? total_bits(field.words) : info.bits;
    return {field.headers, std::move(field.words), std::move(holds), field.shift, bits};
}

namespace {

bool is_tc_only(Field field) {
    return field == Field::MetaMark || field == Field::MetaPriority || field == Field::MetaPkttype;
}

std::span<const Field> fields_of(const ruleset::Statement& statement) {
    if (const auto* match = std::get_if<Match>(&statement))
        return {&match->field, 1};
    if (const auto* lookup = std::get_if<ruleset::Lookup>(&statement))
        return lookup->fields;
    if (const auto* map = std::get_if<ruleset::VerdictMap>(&statement))
        return map->fields;
    return {};
}

std::optional<TcOnly> tc_only_in(const ruleset::Chain& chain) {
    for (std::size_t rule = 0; rule < chain.rules.size(); ++rule) {
        for (const ruleset::Statement& statement : chain.rules[rule].statements) {
            const std::span<const Field> fields = fields_of(statement);
            if (const auto found = std::ranges::find_if(fields, is_tc_only); found != fields.end())
                return TcOnly{&chain, rule, *found};
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<TcOnly> first_tc_only(const ruleset::Chain& chain, const ruleset::Table* table) {
    if (auto found = tc_only_in(chain))
        return found;
    if (table != nullptr)
        for (const ruleset::Chain* reached : ruleset::reached_chains(*table, chain))
            if (auto found = tc_only_in(*reached))
                return found;
    return std::nullopt;
}

}  // namespace xdpctl::compile
