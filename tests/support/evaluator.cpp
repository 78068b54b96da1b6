// SPDX-License-Identifier: BSD-2-Clause
#include "support/evaluator.h"

#include <algorithm>
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
    void put(Field field, Value value) { out_.values[field] = value; }

    Fault tags(std::size_t ether_type, Bytes rest, int tags_before) {
        if (!is_vlan(ether_type))
            return network(ether_type, rest);
        if (tags_before == 2)
            return XDPCTL_MALFORMED_VLAN_DEPTH;
        if (rest.size() < 4)
            return XDPCTL_MALFORMED_VLAN;
        if (tags_before == 0)
            put(Field::VlanId, number(rest, 0, 2) & 0xfff);
        return tags(small(rest, 2, 2), rest.subspan(4), tags_before + 1);
    }

    Fault network(std::size_t ether_type, Bytes rest) {
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

    // No field of ARP can be matched yet.
    static Fault arp(Bytes rest) {
        if (rest.size() < 8)
            return XDPCTL_MALFORMED_ARP;
        const bool ipv4_over_ethernet = number(rest, 0, 2) == 1 && number(rest, 2, 2) == 0x0800 &&
                                        number(rest, 4, 1) == 6 && number(rest, 5, 1) == 4;
        if (ipv4_over_ethernet && rest.size() < 28)
            return XDPCTL_MALFORMED_ARP;
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
            return transport(protocol, rest, fragment, true);
        }
        if (headers_before == XDPCTL_IPV6_EXTENSIONS_MAX)
            return XDPCTL_MALFORMED_IPV6_DEPTH;
        if (rest.size() < 8)
            return XDPCTL_MALFORMED_IPV6_EXTENSION;
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
                return std::nullopt;
            }
            fragment = fragment || more_fragments;
        }
        if (length > rest.size())
            return XDPCTL_MALFORMED_IPV6_EXTENSION;
        return ipv6_extensions(next_header, rest.subspan(length), headers_before + 1, fragment);
    }

    // A complete header gives its fields even when a length in it lies.
    Fault transport(std::size_t protocol, Bytes segment, bool fragment, bool over_ipv6) {
        switch (protocol) {
        case 6:
            return tcp(segment);
        case 17:
            return udp(segment, fragment);
        case 132:
            return sctp(segment);
        case 1:
            return over_ipv6 ? std::nullopt : icmp(segment, Field::IcmpType, Field::IcmpCode);
        case 58:
            return over_ipv6 ? icmp(segment, Field::Icmpv6Type, Field::Icmpv6Code) : std::nullopt;
        default:
            return std::nullopt;
        }
    }

    Fault tcp(Bytes segment) {
        if (segment.size() < 20)
            return XDPCTL_MALFORMED_TCP;
        put(Field::TcpSport, number(segment, 0, 2));
        put(Field::TcpDport, number(segment, 2, 2));
        put(Field::TcpFlags, number(segment, 13, 1));
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
        return std::nullopt;
    }

    Fault icmp(Bytes segment, Field type, Field code) {
        if (segment.size() < 8)
            return XDPCTL_MALFORMED_ICMP;
        put(type, number(segment, 0, 1));
        put(code, number(segment, 1, 1));
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

bool name_matches(std::string_view pattern, std::string_view name) {
    const bool wildcard = pattern.ends_with('*');
    if (wildcard)
        pattern.remove_suffix(1);
    return wildcard ? name.starts_with(pattern) : name == pattern;
}

bool device_matches(const Match& match, std::string_view device) {
    const bool among = std::ranges::any_of(match.names, [&](const auto& name) { return name_matches(name, device); });
    return match.relation == Relation::NotEqual ? !among : among;
}

bool value_matches(const Match& match, Value value) {
    if (match.is_flags)
        return (value & *match.mask) != 0;
    if (match.mask)
        value &= *match.mask;
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
    if (match.field == Field::MetaIifname || match.field == Field::MetaOifname)
        return device_matches(match, device);
    const auto field = fields.values.find(match.field);
    return field != fields.values.end() && value_matches(match, field->second);
}

bool is_name(Field field) {
    return field == Field::MetaIifname || field == Field::MetaOifname;
}

// Names of interfaces are compared as names, not as the numbers that sets keep.
bool is_in(const Interval& interval, Field field, const Fields& fields, std::string_view device) {
    if (is_name(field))
        return name_matches(ruleset::ifname_pattern(interval), device);
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

// What becomes of a packet, chain by chain.
class Evaluator {
public:
    Evaluator(const ruleset::Chain& base, const Fields& fields, std::string_view device, const ruleset::Table& table)
        : fields_(fields), device_(device), table_(table) {
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
    std::map<std::string_view, std::size_t> first_rules_;
};

}  // namespace

Fields parse_frame(Bytes frame, ruleset::Hook hook) {
    Fields out;
    out.malformed = FrameParser(frame, out).ethernet();
    out.length = counted_length(frame.size(), out.values.contains(Field::VlanId), hook);
    out.values[Field::MetaLength] = out.length;
    return out;
}

Evaluation evaluate(const ruleset::Chain& chain, const Fields& fields, std::string_view device,
                    const ruleset::Table& table) {
    Evaluator evaluator(chain, fields, device, table);
    if (!evaluator.run(chain)) {
        evaluator.out.verdict = chain.policy;
        evaluator.out.reason = static_cast<xdpctl_reason>(fields.malformed.value_or(XDPCTL_REASON_POLICY));
    }
    return std::move(evaluator.out);
}

}  // namespace xdpctl::test
