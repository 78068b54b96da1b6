// SPDX-License-Identifier: BSD-2-Clause
// Matches of iptables, in their own syntax as iptables-save prints it and as commands may write it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include "import/iptables_rule.h"
#include "ruleset/field.h"

namespace xdpctl::importing {

namespace {

constexpr std::string_view no_connections = "xdpctl keeps no connections";

const Reason connection{std::string(no_connections), "match what starts a connection: tcp flags syn / syn,ack"};
const Reason rate{"xdpctl keeps no rates and quotas but those of a rule", "use -m limit"};
const Reason socket_owner{"packets have no socket at this hook", {}};

struct Module {
    std::string_view name;
    const Reason* unsupported;
};

const Reason addrtype{"xdpctl does not ask the routing table what an address is", "match the addresses themselves"};
const Reason string_search{"xdpctl does not search in payload", {}};
const Reason random_choice{"which packets it takes cannot be the same", {}};
const Reason device_of_bridge{"a netdev chain is on the port itself", "match iifname"};
const Reason policy{"xdpctl does not know IPsec policies", {}};
const Reason time_of_day{"xdpctl does not look at the clock", "change the rules by a timer"};
const Reason program{"a program of BPF or u32 is not read", "write it as matches"};
const Reason cluster{"it depends on state outside the packet", {}};

const std::array modules{
    Module{"conntrack", &connection},
    Module{"state", &connection},
    Module{"connmark", &connection},
    Module{"connlimit", &connection},
    Module{"connbytes", &connection},
    Module{"connlabel", &connection},
    Module{"helper", &connection},
    Module{"hashlimit", &rate},
    Module{"recent", &rate},
    Module{"quota", &rate},
    Module{"rateest", &rate},
    Module{"owner", &socket_owner},
    Module{"socket", &socket_owner},
    Module{"cgroup", &socket_owner},
    Module{"addrtype", &addrtype},
    Module{"string", &string_search},
    Module{"statistic", &random_choice},
    Module{"random", &random_choice},
    Module{"physdev", &device_of_bridge},
    Module{"policy", &policy},
    Module{"time", &time_of_day},
    Module{"u32", &program},
    Module{"bpf", &program},
    Module{"rpfilter", &addrtype},
    Module{"cluster", &cluster},
    Module{"nfacct", &cluster},
    Module{"osf", &cluster},
    Module{"realm", &addrtype},
};

using Text = Converted<std::string>;

std::unexpected<Reason> refuse(std::string why, std::string next = {}) {
    return std::unexpected(Reason{std::move(why), std::move(next)});
}

std::string_view relation(bool negated) {
    return negated ? "!= " : "";
}

std::optional<std::uint32_t> number(std::string_view text) {
    std::uint32_t value = 0;
    const bool hexadecimal = text.starts_with("0x");
    const std::string_view digits = hexadecimal ? text.substr(2) : text;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, hexadecimal ? 16 : 10);
    if (error != std::errc{} || end != digits.data() + digits.size())
        return std::nullopt;
    return value;
}

std::string_view network(const RuleContext& context) {
    return context.family == Family::Ipv4 ? "ip" : "ip6";
}

// "22", ":1024", "1024:": first and last, which may be names.
std::string range(std::string_view text, std::string_view lowest, std::string_view highest) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos)
        return std::string(text);
    const std::string_view first = text.substr(0, colon), last = text.substr(colon + 1);
    return fmt::format("{}-{}", first.empty() ? lowest : first, last.empty() ? highest : last);
}

std::string port_range(std::string_view text) {
    return range(text, "0", "65535");
}

// An address with a mask in dots: "192.0.2.0/255.255.255.0".
std::optional<std::uint32_t> dotted(std::string_view text) {
    std::uint32_t value = 0;
    for (int part = 0; part < 4; ++part) {
        const std::size_t end = part < 3 ? text.find('.') : text.size();
        if (end == std::string_view::npos)
            return std::nullopt;
        const auto octet = number(text.substr(0, end));
        if (!octet || *octet > 255 || text.starts_with("0x"))
            return std::nullopt;
        value = value << 8 | *octet;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return value;
}

Text address_match(std::string_view field, const std::string& value, bool negated, const RuleContext& context) {
    if (value.find(',') != std::string::npos)
        return refuse("several addresses in one option", "iptables-save prints a rule for each of them");
    const std::size_t slash = value.find('/');
    const auto mask = slash == std::string::npos ? std::nullopt : dotted(std::string_view(value).substr(slash + 1));
    const std::string plain = fmt::format("{} {} {}{}", network(context), field, relation(negated), value);
    if (!mask)
        return plain;
    const std::string address = value.substr(0, slash);
    const std::uint32_t host = ~*mask;
    if ((host & (host + 1)) != 0)
        return fmt::format("ip {} & {} {} {}", field, value.substr(slash + 1), negated ? "!=" : "==", address);
    int length = 0;
    for (std::uint32_t bits = *mask; bits != 0; bits <<= 1)
        ++length;
    return fmt::format("ip {} {}{}/{}", field, relation(negated), address, length);
}

Text interface_match(std::string_view field, std::string value, bool negated) {
    if (value.ends_with('+'))
        value.back() = '*';
    if (value == "*")
        return negated ? Text(refuse("it matches no interface at all")) : Text(std::string());
    return fmt::format("{} {}\"{}\"", field, relation(negated), value);
}

Text protocol_match(const std::string& value, bool negated, const RuleContext& context, RuleParts& parts) {
    if (value == "all" || value == "0")
        return negated ? Text(refuse("it matches no protocol at all")) : Text(std::string());
    std::string name = value == "icmpv6" ? "ipv6-icmp" : value;
    if (!number(name) && !ruleset::constant(ruleset::ValueType::InetProto, name))
        return refuse(fmt::format("the protocol {} is not known by name", value), "write its number");
    if (!negated)
        parts.protocol = name;
    if (context.family == Family::Ipv4) {
        parts.names_family = true;
        return fmt::format("ip protocol {}{}", relation(negated), name);
    }
    return fmt::format("meta l4proto {}{}", relation(negated), name);
}

// Ports belong to the protocol of -p.
Text port_match(std::string_view field, std::string_view ports, bool negated, const RuleParts& parts) {
    constexpr std::array<std::string_view, 5> with_ports{"tcp", "udp", "sctp", "dccp", "udplite"};
    if (std::ranges::find(with_ports, parts.protocol) == with_ports.end())
        return refuse("ports without a protocol that has them", "add -p tcp or -p udp");
    return fmt::format("{} {} {}{}", parts.protocol, field, relation(negated), ports);
}

std::string set_of_ports(std::string_view list) {
    std::vector<std::string> items;
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        items.push_back(port_range(list.substr(0, comma)));
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
    return items.size() == 1 ? items.front() : fmt::format("{{ {} }}", fmt::join(items, ", "));
}

// "FIN,SYN" to "(fin | syn)".
std::optional<std::string> flag_bits(std::string_view list) {
    constexpr std::array<std::string_view, 6> names{"FIN", "SYN", "RST", "PSH", "ACK", "URG"};
    if (list == "NONE")
        return "0x0";
    if (list == "ALL")
        return "(fin | syn | rst | psh | ack | urg)";
    std::vector<std::string> flags;
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        const std::string_view flag = list.substr(0, comma);
        if (std::ranges::find(names, flag) == names.end())
            return std::nullopt;
        std::string& name = flags.emplace_back(flag);
        std::ranges::transform(name, name.begin(), [](char c) { return static_cast<char>(c - 'A' + 'a'); });
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
    return flags.size() == 1 ? flags.front() : fmt::format("({})", fmt::join(flags, " | "));
}

Text flags_match(std::string_view mask, std::string_view comparison, bool negated) {
    const auto of = flag_bits(mask), is = flag_bits(comparison);
    if (!of || !is || *of == "0x0")
        return refuse("unknown TCP flags");
    return fmt::format("tcp flags & {} {} {}", *of, negated ? "!=" : "==", *is);
}

struct IcmpName {
    std::string_view name;
    std::uint8_t type;
    std::optional<std::uint8_t> code;
};

// What iptables accepts by name; iptables-save prints numbers.
constexpr std::array icmp_names{
    IcmpName{"echo-reply", 0, {}},
    IcmpName{"pong", 0, {}},
    IcmpName{"destination-unreachable", 3, {}},
    IcmpName{"network-unreachable", 3, 0},
    IcmpName{"host-unreachable", 3, 1},
    IcmpName{"protocol-unreachable", 3, 2},
    IcmpName{"port-unreachable", 3, 3},
    IcmpName{"fragmentation-needed", 3, 4},
    IcmpName{"source-quench", 4, {}},
    IcmpName{"redirect", 5, {}},
    IcmpName{"echo-request", 8, {}},
    IcmpName{"ping", 8, {}},
    IcmpName{"router-advertisement", 9, {}},
    IcmpName{"router-solicitation", 10, {}},
    IcmpName{"time-exceeded", 11, {}},
    IcmpName{"ttl-exceeded", 11, {}},
    IcmpName{"parameter-problem", 12, {}},
    IcmpName{"timestamp-request", 13, {}},
    IcmpName{"timestamp-reply", 14, {}},
};

constexpr std::array icmpv6_names{
    IcmpName{"destination-unreachable", 1, {}},
    IcmpName{"packet-too-big", 2, {}},
    IcmpName{"time-exceeded", 3, {}},
    IcmpName{"ttl-exceeded", 3, {}},
    IcmpName{"parameter-problem", 4, {}},
    IcmpName{"echo-request", 128, {}},
    IcmpName{"ping", 128, {}},
    IcmpName{"echo-reply", 129, {}},
    IcmpName{"pong", 129, {}},
    IcmpName{"router-solicitation", 133, {}},
    IcmpName{"router-advertisement", 134, {}},
    IcmpName{"neighbour-solicitation", 135, {}},
    IcmpName{"neighbor-solicitation", 135, {}},
    IcmpName{"neighbour-advertisement", 136, {}},
    IcmpName{"neighbor-advertisement", 136, {}},
    IcmpName{"redirect", 137, {}},
};

Text icmp_match(std::string_view value, bool negated, const RuleContext& context) {
    const bool is_ipv4 = context.family == Family::Ipv4;
    const std::string_view protocol = is_ipv4 ? "icmp" : "icmpv6";
    if (value == "any" || (is_ipv4 && value == "255"))
        return negated ? Text(refuse("it matches no packet at all")) : Text(std::string());
    std::string type, code;
    if (number(value.substr(0, value.find('/')))) {
        type = value.substr(0, value.find('/'));
        code = value.find('/') == std::string_view::npos ? "" : value.substr(value.find('/') + 1);
    } else {
        const std::span<const IcmpName> names =
            is_ipv4 ? std::span<const IcmpName>(icmp_names) : std::span<const IcmpName>(icmpv6_names);
        const auto known = std::ranges::find(names, value, &IcmpName::name);
        if (known == names.end())
            return refuse(fmt::format("the type {} is not known by name", value), "write its number");
        type = std::to_string(known->type);
        code = known->code ? std::to_string(*known->code) : "";
    }
    if (code.empty())
        return fmt::format("{} type {}{}", protocol, relation(negated), type);
    if (negated)
        return refuse("a negated type with a code is two matches", "write two rules");
    return fmt::format("{0} type {1} {0} code {2}", protocol, type, code);
}

// The field counts from behind the fixed header, iptables the whole packet.
Text length_match(std::string_view value, bool negated, const RuleContext& context) {
    if (context.family == Family::Ipv4)
        return fmt::format("ip length {}{}", relation(negated), range(value, "0", "65535"));
    constexpr std::uint32_t header = 40;
    const std::size_t colon = value.find(':');
    const auto first = number(colon == 0 ? "0" : value.substr(0, colon));
    const auto last = colon == std::string_view::npos ? first
                      : colon + 1 == value.size()     ? std::optional(65535U)
                                                      : number(value.substr(colon + 1));
    if (!first || !last || *last < header)
        return refuse("no packet is so short");
    const std::uint32_t low = *first < header ? 0 : *first - header;
    return fmt::format("ip6 length {}{}-{}", relation(negated), low, *last - header);
}

Text packet_type_match(std::string_view value, bool negated) {
    if (value == "unicast")
        return fmt::format("meta pkttype {}host", relation(negated));
    if (value == "broadcast" || value == "multicast")
        return fmt::format("meta pkttype {}{}", relation(negated), value);
    return refuse(fmt::format("the packet type {} is unknown", value));
}

Text mark_match(std::string_view value, bool negated) {
    const std::size_t slash = value.find('/');
    if (slash == std::string_view::npos)
        return fmt::format("meta mark {}{}", relation(negated), value);
    return fmt::format("meta mark & {} {} {}", value.substr(slash + 1), negated ? "!=" : "==", value.substr(0, slash));
}

// --match-set NAME src,dst: a direction for each part of the key that has one.
Text set_match(const std::string& name, std::string_view directions, bool negated, const RuleContext& context) {
    const auto key = context.sets.keys.find(name);
    if (key == context.sets.keys.end())
        return refuse(fmt::format("the set {} is not known", name), "give its definition: --sets FILE, of ipset save");
    if (const auto family = context.sets.is_ipv6.find(name);
        family != context.sets.is_ipv6.end() && family->second != (context.family == Family::Ipv6))
        return refuse(fmt::format("the set {} is of the other family", name));
    if (negated && std::ranges::find(key->second, KeyPart::Port) != key->second.end())
        return refuse("negated, it matches packets without ports too", "match the set, and return");
    std::vector<std::string> fields;
    for (const KeyPart part : key->second) {
        const std::string_view direction = directions.substr(0, directions.find(','));
        const bool is_source = direction == "src";
        if (!is_source && direction != "dst" && part != KeyPart::Protocol && part != KeyPart::Mark)
            return refuse(fmt::format("the set {} has more parts than the rule has directions", name));
        switch (part) {
        case KeyPart::Address:
            fields.push_back(fmt::format("{} {}", network(context), is_source ? "saddr" : "daddr"));
            break;
        case KeyPart::Port:
            fields.push_back(fmt::format("th {}", is_source ? "sport" : "dport"));
            break;
        case KeyPart::Ether:
            fields.push_back(fmt::format("ether {}", is_source ? "saddr" : "daddr"));
            break;
        case KeyPart::Protocol:
            fields.emplace_back("meta l4proto");
            continue;  // the port behind it has the direction
        case KeyPart::Mark:
            fields.emplace_back("meta mark");
            break;
        }
        directions.remove_prefix(std::min(direction.size() + 1, directions.size()));
    }
    return fmt::format("{} {}@{}", fmt::join(fields, " . "), relation(negated), name);
}

enum class Kind : std::uint8_t {
    Source,
    Destination,
    InInterface,
    OutInterface,
    Protocol,
    LaterFragment,
    SourcePort,
    DestinationPort,
    SourcePorts,
    DestinationPorts,
    EitherPorts,
    TcpFlags,
    Syn,
    IcmpType,
    SourceRange,
    DestinationRange,
    Length,
    TtlEqual,
    TtlLess,
    TtlGreater,
    Dscp,
    EtherSource,
    PacketType,
    Mark,
    MatchSet,
    Limit,
    LimitBurst,
    Comment,
};

struct Option {
    std::string_view name;
    Kind kind;
};

constexpr std::array options{
    Option{"-s", Kind::Source},
    Option{"--source", Kind::Source},
    Option{"--src", Kind::Source},
    Option{"-d", Kind::Destination},
    Option{"--destination", Kind::Destination},
    Option{"--dst", Kind::Destination},
    Option{"-i", Kind::InInterface},
    Option{"--in-interface", Kind::InInterface},
    Option{"-o", Kind::OutInterface},
    Option{"--out-interface", Kind::OutInterface},
    Option{"-p", Kind::Protocol},
    Option{"--protocol", Kind::Protocol},
    Option{"--proto", Kind::Protocol},
    Option{"-f", Kind::LaterFragment},
    Option{"--fragment", Kind::LaterFragment},
    Option{"--sport", Kind::SourcePort},
    Option{"--source-port", Kind::SourcePort},
    Option{"--dport", Kind::DestinationPort},
    Option{"--destination-port", Kind::DestinationPort},
    Option{"--sports", Kind::SourcePorts},
    Option{"--source-ports", Kind::SourcePorts},
    Option{"--dports", Kind::DestinationPorts},
    Option{"--destination-ports", Kind::DestinationPorts},
    Option{"--ports", Kind::EitherPorts},
    Option{"--tcp-flags", Kind::TcpFlags},
    Option{"--syn", Kind::Syn},
    Option{"--icmp-type", Kind::IcmpType},
    Option{"--icmpv6-type", Kind::IcmpType},
    Option{"--src-range", Kind::SourceRange},
    Option{"--dst-range", Kind::DestinationRange},
    Option{"--length", Kind::Length},
    Option{"--ttl-eq", Kind::TtlEqual},
    Option{"--ttl", Kind::TtlEqual},
    Option{"--ttl-lt", Kind::TtlLess},
    Option{"--ttl-gt", Kind::TtlGreater},
    Option{"--hl-eq", Kind::TtlEqual},
    Option{"--hl-lt", Kind::TtlLess},
    Option{"--hl-gt", Kind::TtlGreater},
    Option{"--dscp", Kind::Dscp},
    Option{"--mac-source", Kind::EtherSource},
    Option{"--pkt-type", Kind::PacketType},
    Option{"--mark", Kind::Mark},
    Option{"--match-set", Kind::MatchSet},
    Option{"--limit", Kind::Limit},
    Option{"--limit-burst", Kind::LimitBurst},
    Option{"--comment", Kind::Comment},
};

bool is_of_family(Kind kind) {
    return kind == Kind::Source || kind == Kind::Destination || kind == Kind::SourceRange ||
           kind == Kind::DestinationRange || kind == Kind::Length || kind == Kind::TtlEqual || kind == Kind::TtlLess ||
           kind == Kind::TtlGreater || kind == Kind::Dscp || kind == Kind::IcmpType || kind == Kind::LaterFragment;
}

// iptables asks these first, wherever they stand.
bool is_asked_first(Kind kind) {
    return kind == Kind::Source || kind == Kind::Destination || kind == Kind::InInterface || kind == Kind::Protocol ||
           kind == Kind::LaterFragment;
}

// "5/sec", "10/m", "7": as iptables, which takes any beginning of a unit.
Text limit_rate(std::string_view text) {
    constexpr std::string_view units[] = {"second", "minute", "hour", "day"};
    const std::size_t slash = std::min(text.find('/'), text.size());
    const auto count = number(text.substr(0, slash));
    if (!count || text.starts_with("0x"))
        return refuse(fmt::format("{} is no rate", text));
    if (slash == text.size())
        return fmt::format("{}/second", *count);
    const std::string_view unit = text.substr(slash + 1);
    const auto* const found =
        std::ranges::find_if(units, [&](std::string_view name) { return !unit.empty() && name.starts_with(unit); });
    if (found == std::end(units))
        return refuse(fmt::format("{} is no rate", text));
    return fmt::format("{}/{}", *count, *found);
}

Converted<void> set_limit(Kind kind, const std::string& value, bool negated, RuleParts& parts) {
    if (negated || !parts.limit)
        return refuse("a limit that is negated, or has no -m limit in front of it");
    if (kind == Kind::LimitBurst) {
        parts.limit->burst = value;
        return {};
    }
    auto converted = limit_rate(value);
    if (!converted)
        return std::unexpected(std::move(converted).error());
    parts.limit->rate = *std::move(converted);
    return {};
}

// Options with one value.
Text convert_value(Kind kind, const std::string& value, bool negated, const RuleContext& context, RuleParts& parts) {
    const std::string_view hops = context.family == Family::Ipv4 ? "ip ttl" : "ip6 hoplimit";
    switch (kind) {
    case Kind::Source:
        return address_match("saddr", value, negated, context);
    case Kind::Destination:
        return address_match("daddr", value, negated, context);
    case Kind::InInterface:
        return interface_match("iifname", value, negated);
    case Kind::OutInterface:
        return refuse("a packet that comes in has no outgoing interface yet");
    case Kind::Protocol:
        return protocol_match(value, negated, context, parts);
    case Kind::SourcePort:
        return port_match("sport", port_range(value), negated, parts);
    case Kind::DestinationPort:
        return port_match("dport", port_range(value), negated, parts);
    case Kind::SourcePorts:
        return port_match("sport", set_of_ports(value), negated, parts);
    case Kind::DestinationPorts:
        return port_match("dport", set_of_ports(value), negated, parts);
    case Kind::EitherPorts:
        return refuse("either port may match: one rule cannot say so", "write two rules, with --sports and --dports");
    case Kind::IcmpType:
        return icmp_match(value, negated, context);
    case Kind::SourceRange:
        return fmt::format("{} saddr {}{}", network(context), relation(negated), value);
    case Kind::DestinationRange:
        return fmt::format("{} daddr {}{}", network(context), relation(negated), value);
    case Kind::Length:
        return length_match(value, negated, context);
    case Kind::TtlEqual:
        return fmt::format("{} {}{}", hops, relation(negated), value);
    case Kind::TtlLess:
        return fmt::format("{} < {}", hops, value);
    case Kind::TtlGreater:
        return fmt::format("{} > {}", hops, value);
    case Kind::Dscp:
        return fmt::format("{} dscp {}{}", network(context), relation(negated), value);
    case Kind::EtherSource:
        return fmt::format("ether saddr {}{}", relation(negated), value);
    case Kind::PacketType:
        return packet_type_match(value, negated);
    case Kind::Mark:
        return mark_match(value, negated);
    default:
        return refuse("the option is unknown");
    }
}

Text convert_option(Kind kind, const std::string& option, bool negated, Words& words, const RuleContext& context,
                    RuleParts& parts) {
    if (kind == Kind::Syn)
        return flags_match("FIN,SYN,RST,ACK", "SYN", negated);
    if (kind == Kind::LaterFragment)
        return fmt::format("ip frag-off & 0x1fff {} 0", negated ? "==" : "!=");
    auto value = words.argument(option);
    if (!value)
        return value;
    if (kind == Kind::Comment) {
        parts.comments.push_back(*std::move(value));
        return std::string();
    }
    if (kind == Kind::Limit || kind == Kind::LimitBurst) {
        if (auto set = set_limit(kind, *value, negated, parts); !set)
            return std::unexpected(std::move(set).error());
        return std::string();
    }
    if (kind != Kind::TcpFlags && kind != Kind::MatchSet)
        return convert_value(kind, *value, negated, context, parts);
    const auto second = words.argument(option);
    if (!second)
        return second;
    return kind == Kind::TcpFlags ? flags_match(*value, *second, negated)
                                  : set_match(*value, *second, negated, context);
}

}  // namespace

const Reason* unsupported_module(std::string_view module) {
    const auto known = std::ranges::find(modules, module, &Module::name);
    return known == modules.end() ? nullptr : known->unsupported;
}

Converted<void> convert_match(const std::string& option, bool negated, const std::string& module, Words& words,
                              const RuleContext& context, RuleParts& parts) {
    const auto known = std::ranges::find(options, option, &Option::name);
    if (known == options.end())
        return refuse(module.empty() ? fmt::format("the option {} is unknown", option)
                                     : fmt::format("the option {} of match {} is unknown", option, module));
    auto match = convert_option(known->kind, option, negated, words, context, parts);
    if (!match)
        return std::unexpected(std::move(match).error());
    if (match->empty())
        return {};
    // Addresses come first in the keys of sets.
    parts.names_family =
        parts.names_family || is_of_family(known->kind) || (known->kind == Kind::MatchSet && match->starts_with("ip"));
    if (parts.limit && is_asked_first(known->kind))
        parts.matches.insert(parts.matches.begin() + static_cast<std::ptrdiff_t>(parts.limit->place++),
                             *std::move(match));
    else
        parts.matches.push_back(*std::move(match));
    return {};
}

// Tokens are counted in jiffies there and in nanoseconds here; else both are the same bucket.
Converted<void> begin_module(std::string_view module, RuleParts& parts) {
    if (module != "limit")
        return {};
    if (parts.limit)
        return refuse("a second limit in a rule");
    parts.limit = LimitParts{.place = parts.matches.size()};
    parts.matches.emplace_back();
    return {};
}

}  // namespace xdpctl::importing
