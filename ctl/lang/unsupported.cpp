// SPDX-License-Identifier: BSD-2-Clause
#include "lang/unsupported.h"

#include <algorithm>
#include <span>

namespace xdpctl::lang {
namespace {

constexpr std::string_view leave_out = "leave it out here; nft can run such a rule beside xdpctl";
constexpr std::string_view use_drop = "write 'drop'";
constexpr std::string_view interface_name = "match the name: iifname \"eth0\"";

constexpr Unsupported statements[] = {
    {"reject", use_drop},
    {"queue", leave_out},
    {"quota", leave_out},
    {"last", leave_out},
    {"notrack", leave_out},
    {"ct", leave_out},
    {"fwd", leave_out},
    {"dup", leave_out},
    {"add", leave_out},
    {"update", leave_out},
    {"delete", leave_out},
    {"set", leave_out},
    {"map", leave_out},
    {"meter", leave_out},
    {"flow", leave_out},
    {"snat", leave_out},
    {"dnat", leave_out},
    {"masquerade", leave_out},
    {"redirect", leave_out},
    {"tproxy", leave_out},
    {"synproxy", leave_out},
    {"reset", leave_out},
    {"secmark", leave_out},
    {"gre", "match all of it: meta l4proto gre"},
    {"vxlan", leave_out},
    {"geneve", leave_out},
    {"gretap", leave_out},
    {"hbh", leave_out},
    {"rt", leave_out},
    {"rt0", leave_out},
    {"rt2", leave_out},
    {"rt4", leave_out},
    {"srh", leave_out},
    {"dst", leave_out},
    {"mh", leave_out},
    {"fib", leave_out},
    {"socket", leave_out},
    {"osf", leave_out},
    {"tunnel", leave_out},
    {"numgen", leave_out},
    {"jhash", leave_out},
    {"symhash", leave_out},
    {"xt", leave_out},
};

struct ProtocolFields {
    std::string_view protocol;
    std::span<const Unsupported> fields;
};

constexpr Unsupported ip_fields[] = {{"option", leave_out}};
constexpr Unsupported tcp_fields[] = {{"option", leave_out}};
constexpr Unsupported sctp_fields[] = {{"chunk", leave_out}};
constexpr Unsupported icmpv6_fields[] = {
    {"parameter-problem", "write: @th,32,32"},
    {"packet-too-big", "write: icmpv6 mtu"},
    {"taddr", "write: @th,64,128"},
    {"daddr", "write: @th,192,128"},
};
constexpr Unsupported exthdr_fields[] = {{"hop", "write: exthdr hbh exists"}, {"srh", "write: exthdr rt exists"}};
constexpr Unsupported meta_fields[] = {
    {"iiftype", leave_out},      {"oiftype", leave_out},   {"iifgroup", interface_name}, {"oifgroup", leave_out},
    {"iifkind", interface_name}, {"oifkind", leave_out},   {"cgroup", leave_out},        {"skuid", leave_out},
    {"skgid", leave_out},        {"rtclassid", leave_out}, {"nftrace", leave_out},       {"ibrname", leave_out},
    {"obrname", leave_out},      {"ibriport", leave_out},  {"obriport", leave_out},      {"ibrpvid", leave_out},
    {"ibrvproto", leave_out},    {"secpath", leave_out},   {"ipsec", leave_out},         {"sdif", leave_out},
    {"sdifname", leave_out},     {"time", leave_out},      {"day", leave_out},           {"hour", leave_out},
};

constexpr ProtocolFields protocol_fields[] = {
    {"ip", ip_fields},         {"tcp", tcp_fields},       {"sctp", sctp_fields},
    {"icmpv6", icmpv6_fields}, {"exthdr", exthdr_fields}, {"meta", meta_fields},
};

constexpr std::string_view one_table = "state the whole ruleset as table blocks";

constexpr Unsupported objects[] = {
    {"flowtable", leave_out},
    {"counter", "write 'counter' in the rule"},
    {"quota", leave_out},
    {"limit", "write 'limit' in the rule"},
    {"ct", leave_out},
    {"secmark", leave_out},
    {"synproxy", leave_out},
    {"flags", "leave the table out to switch it off"},
    {"add", one_table},
    {"create", one_table},
    {"insert", one_table},
    {"replace", one_table},
    {"delete", "leave out of the ruleset what is not wanted"},
    {"destroy", "leave out of the ruleset what is not wanted"},
    {"rename", one_table},
    {"reset", one_table},
    {"list", "use: xdpctl list ruleset"},
    {"monitor", "use: nft monitor"},
    {"export", "use: xdpctl list ruleset --json"},
    {"import", one_table},
    {"describe", "use: nft describe"},
};

const Unsupported* find(std::span<const Unsupported> words, std::string_view word) {
    const auto found = std::ranges::find(words, word, &Unsupported::word);
    return found == words.end() ? nullptr : &*found;
}

}  // namespace

const Unsupported* unsupported_statement(std::string_view word) {
    // Most keys of meta stand alone too.
    const Unsupported* known = find(statements, word);
    return known != nullptr ? known : find(meta_fields, word);
}

const Unsupported* unsupported_field(std::string_view protocol, std::string_view field) {
    const auto found = std::ranges::find(protocol_fields, protocol, &ProtocolFields::protocol);
    return found == std::end(protocol_fields) ? nullptr : find(found->fields, field);
}

const Unsupported* unsupported_object(std::string_view word) {
    return find(objects, word);
}

}  // namespace xdpctl::lang
