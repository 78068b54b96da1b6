// SPDX-License-Identifier: BSD-2-Clause
#include "e2e/nft_differences.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <utility>

namespace xdpctl::test {

namespace {

using ruleset::Field;
using ruleset::Value;

constexpr std::uint16_t ipv4 = 0x0800, ipv6 = 0x86dd, arp = 0x0806, service_tag = 0x88a8;

std::optional<Value> value_of(const Fields& fields, Field field) {
    const auto found = fields.values.find(field);
    return found == fields.values.end() ? std::nullopt : std::optional(found->second);
}

bool has(const Fields& fields, Field field) {
    return fields.values.contains(field);
}

Value byte_at(const Fields& fields, std::size_t place) {
    return place < fields.frame.size() ? std::to_integer<unsigned>(fields.frame[place]) : 0;
}

constexpr Value hop_options = 0, routing = 43, fragment = 44, authentication = 51, destination = 60, mobility = 135,
                host_identity = 139, shim6 = 140;

// The numbers of an IPv6 packet's extension headers, in their order, as far as they are there.
std::vector<Value> extension_headers(const Fields& fields) {
    constexpr Value known[] = {hop_options, routing,  fragment,      authentication,
                               destination, mobility, host_identity, shim6};
    std::vector<Value> out;
    if (value_of(fields, Field::MetaProtocol) != ipv6 || !has(fields, Field::Ip6Nexthdr))
        return out;
    std::size_t place = *fields.network + 40;
    for (Value header = fields.values.at(Field::Ip6Nexthdr);
         std::ranges::find(known, header) != std::end(known) && place < fields.frame.size();) {
        out.push_back(header);
        const auto length = static_cast<std::size_t>(byte_at(fields, place + 1));
        const Value next = byte_at(fields, place);
        place += header == fragment ? 8 : header == authentication ? 4 * (length + 2) : 8 * (length + 1);
        header = next;
    }
    return out;
}

bool has_two_fragment_headers(const Fields& fields) {
    return std::ranges::count(extension_headers(fields), fragment) > 1;
}

bool is_later_fragment(const Fields& fields) {
    return (value_of(fields, Field::IpFragOff).value_or(0) & 0x1fff) != 0 ||
           value_of(fields, Field::FragFragOff).value_or(0) != 0;
}

bool has_two_tags(const Fields& fields) {
    return has(fields, Field::VlanInnerId);
}

bool has_service_tag(const Fields& fields) {
    return value_of(fields, Field::EtherType) == service_tag;
}

bool is_other_arp(const Fields& fields) {
    return value_of(fields, Field::MetaProtocol) == arp && has(fields, Field::ArpHtype) &&
           !has(fields, Field::ArpSaddrIp);
}

// The header lies, or is not whole.
bool lacks_its_headers(const Fields& fields) {
    constexpr std::pair<Value, Field> first_fields[] = {
        {1, Field::IcmpType},   {2, Field::IgmpType},    {6, Field::TcpSport},       {17, Field::UdpSport},
        {33, Field::DccpSport}, {50, Field::EspSpi},     {51, Field::AhNexthdr},     {58, Field::Icmpv6Type},
        {108, Field::CompCpi},  {132, Field::SctpSport}, {136, Field::UdpliteSport},
    };
    const auto protocol = value_of(fields, Field::MetaL4proto);
    return fields.malformed.has_value() || std::ranges::any_of(first_fields, [&](const auto& known) {
               return protocol == known.first && !has(fields, known.second);
           });
}

bool has_length_for_type(const Fields& fields) {
    return value_of(fields, Field::MetaProtocol).value_or(ipv4) < 0x0600;
}

bool is_masked_across_bytes(const ruleset::Match& match) {
    return match.field == Field::Ip6Dscp && match.mask.has_value();
}

// The kernel drops what ends with its tag before nft sees it.
bool is_tag_alone(const Fields& fields) {
    return has(fields, Field::VlanId) && fields.frame.size() < 14 + 4 + 2;
}

std::vector<NftDifference> make_differences() {
    const Bytes udp_to_53 = {std::byte{0x30}, std::byte{0x39}, std::byte{0}, std::byte{53}};
    Bytes with_cs1 = frame({Ether{}, Ipv6{}, Udp{}});
    with_cs1[14] = std::byte{0x62};
    return {
        {.manual = "A non-first fragment has no transport fields",
         .rule = "udp dport 53 counter",
         .frame = frame({Ether{}, Ipv4{.protocol = 17, .fragment_offset = 100}, udp_to_53, Bytes(4)}),
         .is_counted_by_nft = true,
         .concerns = is_later_fragment},
        {.manual = "IPv4 and IPv6 are found behind two VLAN tags",
         .rule = "ip saddr 192.0.2.1 counter",
         .frame = frame({Ether{}, Vlan{.id = 5}, Vlan{.id = 6}, Ipv4{.saddr = "192.0.2.1"}, Udp{}}),
         .is_counted_by_nft = false,
         .concerns = has_two_tags},
        {.manual = "matches tags of 802.1ad too",
         .rule = "vlan id 5 counter",
         .frame = frame({Ether{}, Vlan{.id = 5, .tpid = service_tag}, Ipv4{}, Udp{}}),
         .is_counted_by_nft = false,
         .concerns = has_service_tag},
        {.manual = "fields of ARP between other addresses than IPv4 and Ethernet",
         .rule = "arp saddr ip 192.0.2.1 counter",
         .frame = frame({Ether{}, Arp{.sender = "192.0.2.1", .hardware_type = 6}}),
         .is_counted_by_nft = true,
         .concerns = is_other_arp},
        {.manual = "length cuts off",
         .rule = "udp dport 53 counter",
         .frame = pad(frame({Ether{}, Ipv4{.protocol = 17}, udp_to_53})),
         .is_counted_by_nft = true,
         .concerns = lacks_its_headers},
        {.manual = "headers of mobility, HIP, Shim6 and authentication",
         .rule = "udp dport 53 counter",
         .frame = frame({Ether{}, Ipv6{}, Extension{.protocol = 140}, Udp{.dport = 53}}),
         .is_counted_by_nft = false,
         .concerns = has_other_extension},
        {.manual = "headers of mobility, HIP, Shim6 and authentication",
         .rule = "ah spi 0 counter",
         .frame = frame({Ether{}, Ipv6{}, Extension{.protocol = 51}, Udp{}}),
         .is_counted_by_nft = true,
         .concerns = has_other_extension},
        {.manual = "is the last of several fragment headers",
         .rule = "frag more-fragments 0 counter",
         .frame = frame({Ether{}, Ipv6{}, Fragment{.more = true}, Fragment{}, Udp{}}),
         .is_counted_by_nft = false,
         .concerns = has_two_fragment_headers},
        {.manual = "a length in the place of its EtherType",
         .rule = "meta protocol 100 counter",
         .frame = frame({Ether{.type = 100}, Bytes(100)}),
         .is_counted_by_nft = false,
         .concerns = has_length_for_type},
        {.manual = "in front of a match of what the frame carries",
         .rule = "ether saddr 02:00:00:00:00:01 ip saddr 192.0.2.1 counter",
         .frame = frame({Ether{}, Vlan{.id = 5}, Ipv4{.saddr = "192.0.2.1"}, Udp{}}),
         .is_counted_by_nft = false},
        {.manual = "must both hold",
         .rule = "tcp sport != 1024 tcp dport != 80 counter",
         .frame = frame({Ether{}, Ipv4{}, Tcp{.sport = 1024, .dport = 81}}),
         .is_counted_by_nft = true},
        {.manual = "lie in two bytes",
         .rule = "ip6 dscp & 0x38 == cs1 counter",
         .frame = with_cs1,
         .is_counted_by_nft = false,
         .concerns_match = is_masked_across_bytes},
    };
}

}  // namespace

bool has_other_extension(const Fields& fields) {
    constexpr Value others[] = {authentication, mobility, host_identity, shim6};
    return std::ranges::any_of(extension_headers(fields),
                               [&](Value header) { return std::ranges::find(others, header) != std::end(others); });
}

const std::vector<NftDifference>& nft_differences() {
    static const std::vector<NftDifference> all = make_differences();
    return all;
}

bool may_differ(const Bytes& frame, ruleset::Hook hook) {
    const Fields fields = parse_frame(frame, hook);
    return is_tag_alone(fields) || std::ranges::any_of(nft_differences(), [&](const NftDifference& difference) {
               return difference.concerns != nullptr && difference.concerns(fields);
           });
}

bool may_differ(const ruleset::Rule& rule) {
    return std::ranges::any_of(rule.statements, [](const ruleset::Statement& statement) {
        const auto* match = std::get_if<ruleset::Match>(&statement);
        return match != nullptr && std::ranges::any_of(nft_differences(), [&](const NftDifference& difference) {
                   return difference.concerns_match != nullptr && difference.concerns_match(*match);
               });
    });
}

}  // namespace xdpctl::test
