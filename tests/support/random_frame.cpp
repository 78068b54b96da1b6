// SPDX-License-Identifier: BSD-2-Clause
#include "support/random_frame.h"

#include <arpa/inet.h>

#include <algorithm>
#include <optional>
#include <variant>

#include "support/random_fields.h"

namespace xdpctl::test {

namespace {

using ruleset::Field;
using ruleset::Value;

class FrameSource {
public:
    FrameSource(std::mt19937& random, const ruleset::Chain& chain)
        : random_(random), fields_(random_fields(random, chain)) {}

    std::vector<Layer> layers() {
        std::vector<Layer> out{Ether{.daddr = mac(Field::EtherDaddr), .saddr = mac(Field::EtherSaddr)}};
        add_tags(out);
        if (fields_.values.contains(Field::IpSaddr))
            add_ipv4(out);
        else if (fields_.values.contains(Field::Ip6Saddr))
            add_ipv6(out);
        else if (one_in(2))
            out.push_back(Arp{.hardware_type = static_cast<std::uint16_t>(one_in(4) ? 6 : 1)});
        else
            std::get<Ether>(out.front()).type = static_cast<std::uint16_t>(value(Field::EtherType));
        out.push_back(Bytes(up_to(40)));
        return out;
    }

private:
    std::size_t up_to(std::size_t highest) { return std::uniform_int_distribution<std::size_t>(0, highest)(random_); }
    bool one_in(std::size_t n) { return up_to(n - 1) == 0; }

    Value value(Field field) const {
        const auto found = fields_.values.find(field);
        return found == fields_.values.end() ? 0 : found->second;
    }
    std::uint16_t port(Field field) const { return static_cast<std::uint16_t>(value(field)); }
    std::uint8_t byte(Field field) const { return static_cast<std::uint8_t>(value(field)); }

    MacAddress mac(Field field) const {
        MacAddress out{};
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = static_cast<std::uint8_t>(value(field) >> (8 * (out.size() - 1 - i)));
        return out;
    }

    std::string ipv4(Field field) const {
        const in_addr address{htonl(static_cast<std::uint32_t>(value(field)))};
        char text[INET_ADDRSTRLEN];
        return inet_ntop(AF_INET, &address, text, sizeof(text));
    }

    std::string ipv6(Field field) const {
        in6_addr address;
        for (std::size_t i = 0; i < 16; ++i)
            address.s6_addr[i] = static_cast<std::uint8_t>(value(field) >> (8 * (15 - i)));
        char text[INET6_ADDRSTRLEN];
        return inet_ntop(AF_INET6, &address, text, sizeof(text));
    }

    void add_tags(std::vector<Layer>& out) {
        if (!fields_.values.contains(Field::VlanId))
            return;
        out.push_back(Vlan{.id = port(Field::VlanId),
                           .priority = byte(Field::VlanPcp),
                           .drop_eligible = value(Field::VlanDei) != 0,
                           .tpid = static_cast<std::uint16_t>(one_in(3) ? 0x88a8 : 0x8100)});
        if (fields_.values.contains(Field::VlanInnerId))
            out.push_back(Vlan{.id = port(Field::VlanInnerId),
                               .priority = byte(Field::VlanInnerPcp),
                               .drop_eligible = value(Field::VlanInnerDei) != 0});
        while (one_in(12))
            out.push_back(Vlan{.id = static_cast<std::uint16_t>(up_to(4095))});
    }

    void add_ipv4(std::vector<Layer>& out) {
        Ipv4 ip{.saddr = ipv4(Field::IpSaddr),
                .daddr = ipv4(Field::IpDaddr),
                .options = Bytes(one_in(4) ? 4 * up_to(10) : 0)};
        ip.dont_fragment = one_in(2);
        ip.more_fragments = one_in(8);
        ip.fragment_offset = static_cast<std::uint16_t>(one_in(8) ? up_to(100) : 0);
        ip.protocol = unknown_protocol();
        out.push_back(ip);
        add_transport(out, false);
    }

    void add_ipv6(std::vector<Layer>& out) {
        Ipv6 ip{.saddr = ipv6(Field::Ip6Saddr), .daddr = ipv6(Field::Ip6Daddr)};
        const std::size_t extensions = one_in(2) ? 0 : up_to(one_in(4) ? 9 : 3);
        if (extensions == 0)
            ip.next_header = unknown_protocol();
        out.push_back(ip);
        for (std::size_t i = 0; i < extensions; ++i)
            add_extension(out);
        add_transport(out, true);
    }

    void add_extension(std::vector<Layer>& out) {
        constexpr std::uint8_t protocols[] = {0, 43, 51, 60, 135, 139, 140};
        if (one_in(4)) {
            out.push_back(
                Fragment{.offset = static_cast<std::uint16_t>(one_in(3) ? up_to(100) : 0), .more = one_in(2)});
            return;
        }
        const std::uint8_t protocol = protocols[up_to(std::size(protocols) - 1)];
        out.push_back(
            Extension{.protocol = protocol, .size = 8 * (1 + up_to(3)) + (protocol == 51 ? 4 * up_to(1) : 0)});
    }

    // A packet with a transport header has that one's number.
    std::optional<std::uint8_t> unknown_protocol() {
        static constexpr Field first_fields[] = {Field::TcpSport, Field::UdpSport, Field::SctpSport, Field::IcmpType,
                                                 Field::Icmpv6Type};
        if (std::ranges::any_of(first_fields, [&](Field field) { return fields_.values.contains(field); }))
            return std::nullopt;
        constexpr std::uint8_t with_fields[] = {2, 33, 50, 51, 108, 136};
        return one_in(2) ? with_fields[up_to(std::size(with_fields) - 1)] : byte(Field::MetaL4proto);
    }

    void add_transport(std::vector<Layer>& out, bool over_ipv6) {
        if (fields_.values.contains(Field::TcpSport))
            out.push_back(
                Tcp{.sport = port(Field::TcpSport), .dport = port(Field::TcpDport), .flags = byte(Field::TcpFlags)});
        else if (fields_.values.contains(Field::UdpSport))
            out.push_back(Udp{.sport = port(Field::UdpSport), .dport = port(Field::UdpDport)});
        else if (fields_.values.contains(Field::SctpSport))
            out.push_back(Sctp{.sport = port(Field::SctpSport), .dport = port(Field::SctpDport)});
        else if (over_ipv6 && fields_.values.contains(Field::Icmpv6Type))
            out.push_back(Icmpv6{.type = byte(Field::Icmpv6Type), .code = byte(Field::Icmpv6Code)});
        else if (fields_.values.contains(Field::IcmpType))
            out.push_back(Icmp{.type = byte(Field::IcmpType), .code = byte(Field::IcmpCode)});
    }

    std::mt19937& random_;
    Fields fields_;
};

std::size_t below(std::mt19937& random, std::size_t end) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(random);
}

// BPF_PROG_TEST_RUN takes no frame below the size of an Ethernet header.
constexpr std::size_t smallest = 14;

void damage(std::mt19937& random, Bytes& frame) {
    switch (below(random, 3)) {
    case 0:
        frame.resize(smallest + below(random, frame.size() - smallest + 1));
        break;
    case 1:
        for (std::size_t i = 1 + below(random, 3); i > 0; --i)
            frame[12 + below(random, frame.size() - 12)] = static_cast<std::byte>(random());
        break;
    default:
        frame = pad(std::move(frame));
    }
}

void write_bits(Bytes& frame, const BitPlace& at, Value value) {
    for (std::size_t i = 0; i < at.bits; ++i) {
        const std::size_t bit = at.first + at.bits - 1 - i;
        const auto mask = static_cast<std::byte>(0x80U >> bit % 8);
        frame[bit / 8] = (value >> i & 1) != 0 ? frame[bit / 8] | mask : frame[bit / 8] & ~mask;
    }
}

// Gives some of the bits that the chain matches a value at an edge of a match.
void aim(std::mt19937& random, const ruleset::Chain& chain, Bytes& frame) {
    const Fields fields = parse_frame(frame, chain.hook);
    for (const ruleset::Rule& rule : chain.rules) {
        for (const ruleset::Statement& statement : rule.statements) {
            const auto* match = std::get_if<ruleset::Match>(&statement);
            if (match == nullptr || match->values.empty() || below(random, 4) != 0)
                continue;
            std::optional<BitPlace> at = place_of(match->payload, fields);
            if (match->field != Field::Raw) {
                const auto found = fields.places.find(match->field);
                at = found == fields.places.end() ? std::nullopt : std::optional(found->second);
            }
            if (!at)
                continue;
            const ruleset::Interval& interval = match->values[below(random, match->values.size())];
            const Value edges[] = {interval.first - 1, interval.first, interval.last, interval.last + 1};
            write_bits(frame, *at, edges[below(random, 4)]);
        }
    }
}

}  // namespace

Bytes random_frame(std::mt19937& random, const ruleset::Chain& chain) {
    Bytes out = frame(FrameSource(random, chain).layers());
    if (below(random, 2) == 0)
        aim(random, chain, out);
    if (below(random, 3) == 0)
        damage(random, out);
    return out;
}

}  // namespace xdpctl::test
