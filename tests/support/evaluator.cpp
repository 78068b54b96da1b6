// SPDX-License-Identifier: BSD-2-Clause
#include "support/evaluator.h"

#include <algorithm>
#include <initializer_list>
#include <utility>
#include <variant>

#include "maps/packet.h"
#include "ruleset/ifname.h"

namespace xdpctl::test {

namespace {

using ruleset::Field;
using ruleset::Interval;
using ruleset::Match;
using ruleset::Relation;
using ruleset::Value;

using Bytes = std::span<const std::byte>;

// Big-endian number of `size` bytes. REQUIRES: they are there.
Value number(Bytes bytes, std::size_t offset, std::size_t size) {
    Value out = 0;
    for (const std::byte byte : bytes.subspan(offset, size))
        out = out << 8 | std::to_integer<std::uint8_t>(byte);
    return out;
}

std::size_t small(Bytes bytes, std::size_t offset, std::size_t size) {
    return static_cast<std::size_t>(number(bytes, offset, size));
}

// `bits` bits from the bit `first` on. REQUIRES: they are there.
Value bits_of(Bytes bytes, std::size_t first, std::size_t bits) {
    Value out = 0;
    for (std::size_t bit = first; bit < first + bits; ++bit)
        out = out << 1 | (std::to_integer<unsigned>(bytes[bit / 8]) >> (7 - bit % 8) & 1U);
    return out;
}

bool is_vlan(std::size_t ether_type) {
    return ether_type == 0x8100 || ether_type == 0x88a8;
}

bool is_ipv6_extension(std::size_t protocol) {
    // Hop-by-hop options, routing, fragment, authentication, destination options, mobility, HIP, Shim6.
    constexpr std::size_t numbers[] = {0, 43, 44, 51, 60, 135, 139, 140};
    return std::ranges::find(numbers, protocol) != std::end(numbers);
}

// Reads a frame layer by layer; each function returns what is malformed, and adds the fields found until then.
class FrameParser {
public:
    FrameParser(Bytes frame, Fields& out) : frame_(frame), out_(out) {}

    Fault ethernet() {
        if (frame_.size() < 14)
            return XDPCTL_MALFORMED_ETHERNET;
        put(Field::EtherDaddr, number(frame_, 0, 6));
        put(Field::EtherSaddr, number(frame_, 6, 6));
        put(Field::EtherType, number(frame_, 12, 2));
        return tags(small(frame_, 12, 2), frame_.subspan(14), 0);
    }

private:
    struct BitField {
        Field field;
        unsigned first;  // bit
        unsigned bits;
    };

    void put(Field field, Value value) { out_.values[field] = value; }

    void put(Bytes header, std::initializer_list<BitField> fields) {
        for (const auto& [field, first, bits] : fields) {
            put(field, bits_of(header, first, bits));
            out_.places[field] = {8 * place(header) + first, bits};
        }
    }

    [[nodiscard]] std::size_t place(Bytes rest) const { return static_cast<std::size_t>(rest.data() - frame_.data()); }

    Fault tags(std::size_t ether_type, Bytes rest, int tags_before) {
        if (!is_vlan(ether_type))
            return network(ether_type, rest);
        if (tags_before == 2)
            return XDPCTL_MALFORMED_VLAN_DEPTH;
        if (rest.size() < 4)
            return XDPCTL_MALFORMED_VLAN;
        if (tags_before == 0)
            put(rest,
                {{Field::VlanPcp, 0, 3}, {Field::VlanDei, 3, 1}, {Field::VlanId, 4, 12}, {Field::VlanType, 16, 16}});
        else
            put(rest, {{Field::VlanInnerPcp, 0, 3},
                       {Field::VlanInnerDei, 3, 1},
                       {Field::VlanInnerId, 4, 12},
                       {Field::VlanInnerType, 16, 16}});
        return tags(small(rest, 2, 2), rest.subspan(4), tags_before + 1);
    }

    Fault network(std::size_t ether_type, Bytes rest) {
        put(Field::MetaProtocol, ether_type);
        out_.network = place(rest);
        switch (ether_type) {
        case 0x0800:
            return ipv4(rest);
        case 0x86dd:
            return ipv6(rest);
        case 0x0806:
            return arp(rest);
        default:
            return std::nullopt;
        }
    }

    Fault arp(Bytes rest) {
        if (rest.size() < 8)
            return XDPCTL_MALFORMED_ARP;
        put(rest, {{Field::ArpHtype, 0, 16},
                   {Field::ArpPtype, 16, 16},
                   {Field::ArpHlen, 32, 8},
                   {Field::ArpPlen, 40, 8},
                   {Field::ArpOperation, 48, 16}});
        const bool ipv4_over_ethernet = number(rest, 0, 2) == 1 && number(rest, 2, 2) == 0x0800 &&
                                        number(rest, 4, 1) == 6 && number(rest, 5, 1) == 4;
        if (!ipv4_over_ethernet)
            return std::nullopt;
        if (rest.size() < 28)
            return XDPCTL_MALFORMED_ARP;
        put(rest, {{Field::ArpSaddrEther, 64, 48},
                   {Field::ArpSaddrIp, 112, 32},
                   {Field::ArpDaddrEther, 144, 48},
                   {Field::ArpDaddrIp, 192, 32}});
        return std::nullopt;
    }

    Fault ipv4(Bytes rest) {
        if (rest.size() < 20)
            return XDPCTL_MALFORMED_IPV4;
        const std::size_t version = small(rest, 0, 1) >> 4;
        const std::size_t header_length = (small(rest, 0, 1) & 0xf) * 4;
        if (version != 4 || header_length < 20 || header_length > rest.size())
            return XDPCTL_MALFORMED_IPV4;
        const std::size_t protocol = small(rest, 9, 1);
        put(Field::IpProtocol, protocol);
        put(Field::IpSaddr, number(rest, 12, 4));
        put(Field::IpDaddr, number(rest, 16, 4));
        put(rest, {{Field::IpVersion, 0, 4},
                   {Field::IpHdrlength, 4, 4},
                   {Field::IpDscp, 8, 6},
                   {Field::IpEcn, 14, 2},
                   {Field::IpLength, 16, 16},
                   {Field::IpId, 32, 16},
                   {Field::IpFragOff, 48, 16},
                   {Field::IpTtl, 64, 8},
                   {Field::IpChecksum, 80, 16}});
        const std::size_t total_length = small(rest, 2, 2);
        if (total_length < header_length || total_length > rest.size())
            return XDPCTL_MALFORMED_IPV4_LENGTH;
        put(Field::MetaL4proto, protocol);
        const std::size_t flags_and_offset = small(rest, 6, 2);
        const bool more_fragments = (flags_and_offset & 0x2000) != 0;
        const bool first = (flags_and_offset & 0x1fff) == 0;
        if (!first)
            return std::nullopt;
        return transport(protocol, rest.first(total_length).subspan(header_length), more_fragments, false);
    }

    Fault ipv6(Bytes rest) {
        if (rest.size() < 40)
            return XDPCTL_MALFORMED_IPV6;
        if (small(rest, 0, 1) >> 4 != 6)
            return XDPCTL_MALFORMED_IPV6;
        const std::size_t next_header = small(rest, 6, 1);
        put(Field::Ip6Nexthdr, next_header);
        put(Field::Ip6Saddr, number(rest, 8, 16));
        put(Field::Ip6Daddr, number(rest, 24, 16));
        put(rest, {{Field::Ip6Version, 0, 4},
                   {Field::Ip6Dscp, 4, 6},
                   {Field::Ip6Ecn, 10, 2},
                   {Field::Ip6Flowlabel, 12, 20},
                   {Field::Ip6Length, 32, 16},
                   {Field::Ip6Hoplimit, 56, 8}});
        const Bytes behind = rest.subspan(40);
        std::size_t payload_length = small(rest, 4, 2);
        if (payload_length == 0 && next_header == 0)  // a jumbogram's length is in its hop-by-hop options
            payload_length = behind.size();
        if (payload_length > behind.size())
            return XDPCTL_MALFORMED_IPV6_LENGTH;
        return ipv6_extensions(next_header, behind.first(payload_length), 0, false);
    }

    Fault ipv6_extensions(std::size_t protocol, Bytes rest, int headers_before, bool fragment) {
        if (!is_ipv6_extension(protocol)) {
            put(Field::MetaL4proto, protocol);
            no_other_extensions();
            return transport(protocol, rest, fragment, true);
        }
        if (headers_before == XDPCTL_IPV6_EXTENSIONS_MAX)
            return XDPCTL_MALFORMED_IPV6_DEPTH;
        if (rest.size() < 8)
            return XDPCTL_MALFORMED_IPV6_EXTENSION;
        meet(protocol, rest);
        const std::size_t next_header = small(rest, 0, 1);
        std::size_t length = (small(rest, 1, 1) + 1) * 8;
        if (protocol == 51)
            length = (small(rest, 1, 1) + 2) * 4;
        if (protocol == 44) {
            length = 8;
            const std::size_t offset = small(rest, 2, 2) >> 3;
            const bool more_fragments = (small(rest, 2, 2) & 1) != 0;
            if (offset != 0) {
                put(Field::MetaL4proto, next_header);
                no_other_extensions();
                return std::nullopt;
            }
            fragment = fragment || more_fragments;
        }
        if (length > rest.size())
            return XDPCTL_MALFORMED_IPV6_EXTENSION;
        return ipv6_extensions(next_header, rest.subspan(length), headers_before + 1, fragment);
    }

    static constexpr std::pair<std::size_t, Field> extension_fields[] = {
        {0, Field::ExthdrHbh},  {43, Field::ExthdrRt},  {44, Field::ExthdrFrag},
        {60, Field::ExthdrDst}, {135, Field::ExthdrMh},
    };

    void meet(std::size_t protocol, Bytes rest) {
        for (const auto& [number, field] : extension_fields)
            if (number == protocol)
                put(field, 1);
        if (protocol == 44)
            put(rest, {{Field::FragNexthdr, 0, 8},
                       {Field::FragReserved, 8, 8},
                       {Field::FragFragOff, 16, 13},
                       {Field::FragReserved2, 29, 2},
                       {Field::FragMoreFragments, 31, 1},
                       {Field::FragId, 32, 32}});
    }

    // Only behind the last of them it is sure which are missing.
    void no_other_extensions() {
        for (const auto& [number, field] : extension_fields)
            out_.values.try_emplace(field, 0);
    }

    // A complete header gives its fields even when a length in it lies.
    Fault transport(std::size_t protocol, Bytes segment, bool fragment, bool over_ipv6) {
        out_.transport = place(segment);
        // These two are fields of the frame, wherever the packet ends.
        if (const Bytes behind = frame_.subspan(place(segment)); behind.size() >= 4)
            put(behind, {{Field::ThSport, 0, 16}, {Field::ThDport, 16, 16}});
        else if (behind.size() >= 2)
            put(behind, {{Field::ThSport, 0, 16}});
        switch (protocol) {
        case 2:
            return over_ipv6 ? std::nullopt
                             : other(segment, 8,
                                     {{Field::IgmpType, 0, 8},
                                      {Field::IgmpMrt, 8, 8},
                                      {Field::IgmpChecksum, 16, 16},
                                      {Field::IgmpGroup, 32, 32}});
        case 33:
            return other(segment, 12,
                         {{Field::DccpSport, 0, 16}, {Field::DccpDport, 16, 16}, {Field::DccpType, 67, 4}});
        case 50:
            return other(segment, 8, {{Field::EspSpi, 0, 32}, {Field::EspSequence, 32, 32}});
        case 51:
            return other(segment, 12,
                         {{Field::AhNexthdr, 0, 8},
                          {Field::AhHdrlength, 8, 8},
                          {Field::AhReserved, 16, 16},
                          {Field::AhSpi, 32, 32},
                          {Field::AhSequence, 64, 32}});
        case 108:
            return other(segment, 4, {{Field::CompNexthdr, 0, 8}, {Field::CompFlags, 8, 8}, {Field::CompCpi, 16, 16}});
        case 136:
            return other(segment, 8,
                         {{Field::UdpliteSport, 0, 16},
                          {Field::UdpliteDport, 16, 16},
                          {Field::UdpliteCsumcov, 32, 16},
                          {Field::UdpliteChecksum, 48, 16}});
        case 6:
            return tcp(segment);
        case 17:
            return udp(segment, fragment);
        case 132:
            return sctp(segment);
        case 1:
            return over_ipv6 ? std::nullopt : icmp(segment);
        case 58:
            return over_ipv6 ? icmpv6(segment) : std::nullopt;
        default:
            return std::nullopt;
        }
    }

    // A packet too short for such a header just lacks it.
    Fault other(Bytes segment, std::size_t least, std::initializer_list<BitField> fields) {
        if (segment.size() >= least)
            put(segment, fields);
        return std::nullopt;
    }

    Fault tcp(Bytes segment) {
        if (segment.size() < 20)
            return XDPCTL_MALFORMED_TCP;
        put(Field::TcpSport, number(segment, 0, 2));
        put(Field::TcpDport, number(segment, 2, 2));
        put(Field::TcpFlags, number(segment, 13, 1));
        put(segment, {{Field::TcpSequence, 32, 32},
                      {Field::TcpAckseq, 64, 32},
                      {Field::TcpDoff, 96, 4},
                      {Field::TcpReserved, 100, 4},
                      {Field::TcpWindow, 112, 16},
                      {Field::TcpChecksum, 128, 16},
                      {Field::TcpUrgptr, 144, 16}});
        const std::size_t header_length = (small(segment, 12, 1) >> 4) * 4;
        if (header_length < 20 || header_length > segment.size())
            return XDPCTL_MALFORMED_TCP;
        return std::nullopt;
    }

    Fault udp(Bytes segment, bool fragment) {
        if (segment.size() < 8)
            return XDPCTL_MALFORMED_UDP;
        put(Field::UdpSport, number(segment, 0, 2));
        put(Field::UdpDport, number(segment, 2, 2));
        put(segment, {{Field::UdpLength, 32, 16}, {Field::UdpChecksum, 48, 16}});
        const std::size_t length = small(segment, 4, 2);
        // The first fragment carries the length of the whole datagram.
        if (length < 8 || (length > segment.size() && !fragment))
            return XDPCTL_MALFORMED_UDP;
        return std::nullopt;
    }

    Fault sctp(Bytes segment) {
        if (segment.size() < 12)
            return XDPCTL_MALFORMED_SCTP;
        put(Field::SctpSport, number(segment, 0, 2));
        put(Field::SctpDport, number(segment, 2, 2));
        put(segment, {{Field::SctpVtag, 32, 32}, {Field::SctpChecksum, 64, 32}});
        return std::nullopt;
    }

    Fault icmp(Bytes segment) {
        if (segment.size() < 8)
            return XDPCTL_MALFORMED_ICMP;
        put(segment, {{Field::IcmpType, 0, 8}, {Field::IcmpCode, 8, 8}, {Field::IcmpChecksum, 16, 16}});
        switch (small(segment, 0, 1)) {
        case 0:
        case 8:
            put(segment, {{Field::IcmpId, 32, 16}, {Field::IcmpSequence, 48, 16}});
            break;
        case 3:
            put(segment, {{Field::IcmpMtu, 48, 16}});
            break;
        case 5:
            put(segment, {{Field::IcmpGateway, 32, 32}});
            break;
        default:
            break;
        }
        return std::nullopt;
    }

    Fault icmpv6(Bytes segment) {
        if (segment.size() < 8)
            return XDPCTL_MALFORMED_ICMP;
        put(segment, {{Field::Icmpv6Type, 0, 8}, {Field::Icmpv6Code, 8, 8}, {Field::Icmpv6Checksum, 16, 16}});
        switch (small(segment, 0, 1)) {
        case 2:
            put(segment, {{Field::Icmpv6Mtu, 32, 32}});
            break;
        case 128:
        case 129:
            put(segment, {{Field::Icmpv6Id, 32, 16}, {Field::Icmpv6Sequence, 48, 16}});
            break;
        case 130:
            put(segment, {{Field::Icmpv6MaxDelay, 32, 16}});
            break;
        default:
            break;
        }
        return std::nullopt;
    }

    Bytes frame_;
    Fields& out_;
};

// Ingress counts as nftables' hook does, which runs after the Ethernet header and the outer tag were taken off.
std::uint32_t counted_length(std::size_t frame_length, bool tagged, ruleset::Hook hook) {
    std::size_t out = frame_length;
    if (hook == ruleset::Hook::Ingress)
        out -= std::min<std::size_t>(out, 14 + (tagged ? 4 : 0));
    return static_cast<std::uint32_t>(out);
}

bool name_matches(Field field, std::string_view pattern, std::string_view name) {
    const bool is_index = field == Field::MetaIif || field == Field::MetaOif;
    const bool wildcard = !is_index && pattern.ends_with('*');
    if (wildcard)
        pattern.remove_suffix(1);
    return wildcard ? name.starts_with(pattern) : name == pattern;
}

bool device_matches(const Match& match, std::string_view device) {
    const bool among =
        std::ranges::any_of(match.names, [&](const auto& name) { return name_matches(match.field, name, device); });
    return match.relation == Relation::NotEqual ? !among : among;
}

bool value_matches(const Match& match, Value value) {
    if (match.is_flags)
        return (value & *match.mask) != 0;
    if (match.mask)
        value = (value & *match.mask) | match.ones;
    const bool among = std::ranges::any_of(
        match.values, [&](const Interval& interval) { return interval.first <= value && value <= interval.last; });
    switch (match.relation) {
    case Relation::Equal:
        return among;
    case Relation::NotEqual:
        return !among;
    case Relation::Less:
        return value < match.values.front().first;
    case Relation::LessEqual:
        return value <= match.values.front().first;
    case Relation::Greater:
        return value > match.values.front().first;
    case Relation::GreaterEqual:
        return value >= match.values.front().first;
    }
    return false;
}

bool matches(const Match& match, const Fields& fields, std::string_view device) {
    if (ruleset::is_interface(ruleset::info(match.field).type))
        return device_matches(match, device);
    if (match.field == Field::Raw) {
        const auto at = place_of(match.payload, fields);
        return at && value_matches(match, bits_of(fields.frame, at->first, at->bits));
    }
    const auto field = fields.values.find(match.field);
    return field != fields.values.end() && value_matches(match, field->second);
}

bool is_name(Field field) {
    return field == Field::MetaIifname || field == Field::MetaOifname;
}

// Names of interfaces are compared as names, not as the numbers that sets keep.
bool is_in(const Interval& interval, Field field, const Fields& fields, std::string_view device) {
    if (is_name(field))
        return name_matches(field, ruleset::ifname_pattern(interval), device);
    const Value value = fields.values.at(field);
    return interval.first <= value && value <= interval.last;
}

bool has_all(std::span<const Field> keys, const Fields& fields) {
    return std::ranges::all_of(keys, [&](Field key) { return is_name(key) || fields.values.contains(key); });
}

// The element that the fields' values are.
std::optional<std::size_t> find_element(const ruleset::Elements& elements, std::span<const Field> keys,
                                        const Fields& fields, std::string_view device) {
    for (std::size_t element = 0; element < elements.size(); ++element) {
        bool is_element = true;
        for (std::size_t part = 0; part < keys.size(); ++part)
            is_element = is_element && is_in(elements.interval(element, part), keys[part], fields, device);
        if (is_element)
            return element;
    }
    return std::nullopt;
}

bool matches(const ruleset::Lookup& lookup, const Fields& fields, std::string_view device,
             const ruleset::Table& table) {
    if (!has_all(lookup.fields, fields))
        return false;
    const ruleset::Elements& elements = *ruleset::elements_of(lookup, table);
    const bool among = find_element(elements, lookup.fields, fields, device).has_value();
    return lookup.relation == Relation::NotEqual ? !among : among;
}

// As nft_limit.c counts: tokens are nanoseconds, which a packet or its bytes cost.
bool takes_tokens(const ruleset::Limit& limit, std::uint32_t bytes, std::size_t rule, Buckets& buckets) {
    using std::chrono::nanoseconds;
    const bool of_packets = limit.unit == ruleset::Limit::Unit::Packets;
    const auto period = static_cast<Value>(nanoseconds(limit.per).count());
    const auto full = of_packets ? period / limit.rate * limit.burst : period * (limit.rate + limit.burst) / limit.rate;
    const auto cost = of_packets ? period / limit.rate : period * bytes / limit.rate;
    const nanoseconds most(static_cast<std::int64_t>(full));
    const auto [place, is_new] = buckets.of_rules.try_emplace(rule, Buckets::Bucket{most, buckets.now});
    Buckets::Bucket& bucket = place->second;
    bucket.tokens = std::min(bucket.tokens + (buckets.now - bucket.filled), most);
    bucket.filled = buckets.now;
    if (static_cast<Value>(bucket.tokens.count()) < cost)
        return false;
    bucket.tokens -= nanoseconds(static_cast<std::int64_t>(cost));
    return true;
}

// What becomes of a packet, chain by chain.
class Evaluator {
public:
    Evaluator(const ruleset::Chain& base, const Fields& fields, std::string_view device, const ruleset::Table& table,
              Buckets& buckets)
        : fields_(fields), device_(device), table_(table), buckets_(buckets) {
        first_rules_[base.name] = 0;
        std::size_t first = base.rules.size();
        for (const ruleset::Chain& chain : table.chains) {
            if (chain.is_base)
                continue;
            first_rules_[chain.name] = first;
            first += chain.rules.size();
        }
    }

    // True when a rule decided, false when evaluation goes on behind the jump to the chain.
    bool run(const ruleset::Chain& chain) {
        for (std::size_t i = 0; i < chain.rules.size(); ++i) {
            const Next next = run(chain.rules[i], first_rules_.at(chain.name) + i);
            if (next == Next::Decided || next == Next::Return)
                return next == Next::Decided;
        }
        return false;
    }

    Evaluation out;

private:
    enum class Next { Statement, Rule, Return, Decided };

    Next run(const ruleset::Rule& rule, std::size_t number) {
        for (const ruleset::Statement& statement : rule.statements) {
            const Next next = run(statement, number);
            if (next != Next::Statement)
                return next;
        }
        return Next::Rule;
    }

    Next run(const ruleset::Statement& statement, std::size_t number) {
        if (const auto* match = std::get_if<Match>(&statement))
            return matches(*match, fields_, device_) ? Next::Statement : Next::Rule;
        if (const auto* lookup = std::get_if<ruleset::Lookup>(&statement))
            return matches(*lookup, fields_, device_, table_) ? Next::Statement : Next::Rule;
        if (const auto* map = std::get_if<ruleset::VerdictMap>(&statement))
            return run(*map, number);
        if (const auto* branch = std::get_if<ruleset::Branch>(&statement))
            return run(*branch);
        if (const auto* limit = std::get_if<ruleset::Limit>(&statement))
            return takes_tokens(*limit, fields_.length, number, buckets_) == !limit->is_over ? Next::Statement
                                                                                             : Next::Rule;
        if (std::holds_alternative<ruleset::Counter>(statement))
            out.counted.push_back(number);
        else if (std::holds_alternative<ruleset::Log>(statement))
            out.logged.push_back(number);
        else
            return decide(std::get<ruleset::Verdict>(statement), number);
        return Next::Statement;
    }

    Next run(const ruleset::VerdictMap& map, std::size_t number) {
        const ruleset::Elements& elements = *ruleset::elements_of(map, table_);
        if (!has_all(map.fields, fields_))
            return Next::Rule;
        const auto element = find_element(elements, map.fields, fields_, device_);
        if (!element)
            return Next::Rule;
        const ruleset::Outcome& outcome = elements.outcomes()[elements.outcome_of(*element)];
        if (const auto* verdict = std::get_if<ruleset::Verdict>(&outcome))
            return decide(*verdict, number);
        return run(std::get<ruleset::Branch>(outcome));
    }

    Next run(const ruleset::Branch& branch) {
        switch (branch.kind) {
        case ruleset::Branch::Kind::Jump:
            return run(*table_.find_chain(branch.chain)) ? Next::Decided : Next::Rule;
        case ruleset::Branch::Kind::Goto:
            return run(*table_.find_chain(branch.chain)) ? Next::Decided : Next::Return;
        case ruleset::Branch::Kind::Return:
            return Next::Return;
        case ruleset::Branch::Kind::Continue:
            break;
        }
        return Next::Statement;
    }

    Next decide(ruleset::Verdict verdict, std::size_t number) {
        out.verdict = verdict;
        out.reason = XDPCTL_REASON_RULE;
        out.rule = number;
        return Next::Decided;
    }

    const Fields& fields_;
    std::string_view device_;
    const ruleset::Table& table_;
    Buckets& buckets_;
    std::map<std::string_view, std::size_t> first_rules_;
};

}  // namespace

Fields parse_frame(Bytes frame, ruleset::Hook hook) {
    Fields out;
    out.frame.assign(frame.begin(), frame.end());
    out.malformed = FrameParser(frame, out).ethernet();
    out.length = counted_length(frame.size(), out.values.contains(Field::VlanId), hook);
    out.values[Field::MetaLength] = out.length;
    return out;
}

std::optional<BitPlace> place_of(const ruleset::RawPayload& payload, const Fields& fields) {
    using Base = ruleset::RawPayload::Base;
    const std::optional<std::size_t> base = payload.base == Base::Link      ? std::optional(std::size_t{0})
                                            : payload.base == Base::Network ? fields.network
                                                                            : fields.transport;
    if (!base || 8 * fields.frame.size() < 8 * *base + payload.offset + payload.length)
        return std::nullopt;
    return BitPlace{8 * *base + payload.offset, payload.length};
}

Evaluation evaluate(const ruleset::Chain& chain, const Fields& fields, std::string_view device,
                    const ruleset::Table& table, Buckets* buckets) {
    Buckets full;
    Evaluator evaluator(chain, fields, device, table, buckets == nullptr ? full : *buckets);
    if (!evaluator.run(chain)) {
        evaluator.out.verdict = chain.policy;
        evaluator.out.reason = static_cast<xdpctl_reason>(fields.malformed.value_or(XDPCTL_REASON_POLICY));
    }
    return std::move(evaluator.out);
}

}  // namespace xdpctl::test
