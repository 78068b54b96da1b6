// SPDX-License-Identifier: BSD-2-Clause
#include "support/field_cases.h"

#include <algorithm>
#include <initializer_list>

#include "support/evaluator.h"

namespace xdpctl::test {

namespace {

using ruleset::Field;
using ruleset::Interval;
using ruleset::Match;
using ruleset::Relation;
using ruleset::Value;

// What a header without a layer of its own consists of.
Bytes header(std::initializer_list<unsigned> bytes) {
    Bytes out;
    for (const unsigned byte : bytes)
        out.push_back(static_cast<std::byte>(byte));
    return out;
}

Bytes over_ipv4(std::uint8_t protocol) {
    return frame({Ether{}, Ipv4{.protocol = protocol},
                  header({0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66})});
}

Bytes icmp(std::uint8_t type) {
    return frame({Ether{}, Ipv4{}, Icmp{.type = type}, Bytes(20)});
}

Bytes icmpv6(std::uint8_t type) {
    return frame({Ether{}, Ipv6{}, Icmpv6{.type = type}, Bytes(20)});
}

Bytes frame_with(Field field) {
    const std::string_view protocol = ruleset::info(field).protocol;
    const std::vector<Layer> ipv6_fragment{Ether{}, Ipv6{}, Fragment{.id = 0x12345678}, Udp{}, Bytes(20)};
    switch (field) {
    case Field::IcmpGateway:
        return icmp(5);
    case Field::IcmpMtu:
        return icmp(3);
    case Field::Icmpv6Mtu:
        return icmpv6(2);
    case Field::Icmpv6MaxDelay:
        return icmpv6(130);
    case Field::VlanInnerId:
    case Field::VlanInnerPcp:
    case Field::VlanInnerDei:
    case Field::VlanInnerType:
        return frame({Ether{}, Vlan{.id = 7}, Vlan{.id = 9}, Ipv4{}, Udp{}, Bytes(20)});
    default:
        break;
    }
    if (protocol == "vlan")
        return frame({Ether{}, Vlan{.id = 7}, Ipv4{}, Udp{}, Bytes(20)});
    if (protocol == "arp")
        return frame({Ether{}, Arp{}, Bytes(20)});
    if (protocol == "ip6")
        return frame({Ether{}, Ipv6{}, Udp{}, Bytes(20)});
    if (protocol == "frag")
        return frame(ipv6_fragment);
    if (protocol == "ip" || protocol == "tcp" || protocol == "th")
        return frame({Ether{}, Ipv4{}, Tcp{}, Bytes(20)});
    if (protocol == "udp")
        return frame({Ether{}, Ipv4{}, Udp{}, Bytes(20)});
    if (protocol == "sctp")
        return frame({Ether{}, Ipv4{}, Sctp{}, Bytes(20)});
    if (protocol == "icmp")
        return icmp(8);
    if (protocol == "icmpv6")
        return icmpv6(128);
    if (protocol == "igmp")
        return over_ipv4(2);
    if (protocol == "dccp")
        return over_ipv4(33);
    if (protocol == "esp")
        return over_ipv4(50);
    if (protocol == "ah")
        return over_ipv4(51);
    if (protocol == "comp")
        return over_ipv4(108);
    if (protocol == "udplite")
        return over_ipv4(136);
    return {};
}

bool is_structural(Field field) {
    switch (field) {
    case Field::VlanType:
    case Field::VlanInnerType:
    case Field::ArpHtype:
    case Field::ArpPtype:
    case Field::ArpHlen:
    case Field::ArpPlen:
    case Field::IpVersion:
    case Field::IpHdrlength:
    case Field::IpLength:
    case Field::IpFragOff:
    case Field::Ip6Version:
    case Field::Ip6Length:
    case Field::FragNexthdr:
    case Field::FragFragOff:
    case Field::FragMoreFragments:
    case Field::TcpDoff:
    case Field::UdpLength:
        return true;
    default:
        return false;
    }
}

void write_bits(Bytes& bytes, const BitPlace& at, Value value) {
    for (std::size_t i = 0; i < at.bits; ++i) {
        const std::size_t bit = at.first + at.bits - 1 - i;
        const auto mask = static_cast<std::byte>(0x80U >> bit % 8);
        bytes[bit / 8] = (value >> i & 1) != 0 ? bytes[bit / 8] | mask : bytes[bit / 8] & ~mask;
    }
}

BitPlace place_in(const Bytes& bytes, Field field) {
    return parse_frame(bytes, ruleset::Hook::Ingress).places.at(field);
}

Value highest(Field field) {
    return (Value{1} << ruleset::info(field).bits) - 1;
}

std::vector<FieldCase> make_cases() {
    std::vector<FieldCase> out;
    for (const ruleset::FieldInfo& field : ruleset::fields()) {
        FieldCase made{
            .field = field.field, .is_structural = is_structural(field.field), .frame = frame_with(field.field)};
        const Fields fields = parse_frame(made.frame, ruleset::Hook::Ingress);
        const auto place = fields.places.find(field.field);
        if (place == fields.places.end())
            continue;
        if (!made.is_structural) {  // neither at an edge nor the same in all bytes
            const Value middle = (Value{0x5a3c96e1} << 32 | 0x5a3c96e1) & highest(field.field);
            write_bits(made.frame, place->second,
                       field.bits <= 2 ? 1 : std::clamp<Value>(middle, 2, highest(field.field) - 2));
        }
        made.value = parse_frame(made.frame, ruleset::Hook::Ingress).values.at(field.field);
        out.push_back(std::move(made));
    }
    return out;
}

}  // namespace

std::vector<Bytes> FieldCase::well_formed_frames() const {
    std::vector<Bytes> out{frame, test::frame({Ether{.type = 0x88cc}, Bytes(60)})};
    if (is_structural)
        return out;
    const BitPlace at = place_in(frame, field);
    for (const Value other : {value - 1, value + 1, Value{0}, highest(field)}) {
        out.push_back(frame);
        write_bits(out.back(), at, other & highest(field));
    }
    return out;
}

std::vector<Bytes> FieldCase::cut_frames() const {
    const BitPlace at = place_in(frame, field);
    std::vector<Bytes> out;
    for (const std::size_t size : {(at.first + at.bits - 1) / 8, at.first / 8})
        if (size >= 14)
            out.push_back(cut(frame, size));
    return out;
}

std::vector<Match> FieldCase::matches() const {
    const Value last = highest(field);
    std::vector<Match> out;
    const auto add = [&](Relation relation, std::vector<Interval> values) -> Match& {
        Match& match = out.emplace_back();
        match.field = field;
        match.relation = relation;
        match.values = std::move(values);
        match.is_set = match.values.size() > 1;
        return match;
    };
    const Value below = value == 0 ? last : value - 1;
    const Value above = value == last ? 0 : value + 1;
    for (const Value compared : {below, value, above})
        for (const Relation relation : {Relation::Equal, Relation::NotEqual, Relation::Less, Relation::LessEqual,
                                        Relation::Greater, Relation::GreaterEqual})
            add(relation, {{compared, compared}});
    if (value < last) {
        add(Relation::Equal, {{value, value + 1}});
        add(Relation::NotEqual, {{value, value + 1}});
    }
    if (value > 0) {
        add(Relation::Equal, {{value - 1, value}});
        add(Relation::Equal, {{0, value - 1}});
    }
    if (last > 8) {
        add(Relation::Equal, {{0, 0}, {value, value}, {last, last}});
        add(Relation::NotEqual, {{0, 0}, {value, value}, {last, last}});
        const Value mask = last & 0x5a5a5a5a5a5aULL & ~Value{1};
        add(Relation::Equal, {{value & mask, value & mask}}).mask = mask;
        add(Relation::NotEqual, {{value & mask, value & mask}}).mask = mask;
    }
    return out;
}

const std::vector<FieldCase>& field_cases() {
    static const std::vector<FieldCase> all = make_cases();
    return all;
}

}  // namespace xdpctl::test
