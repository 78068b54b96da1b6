// SPDX-License-Identifier: BSD-2-Clause
#include "observe/report.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ctime>
#include <nlohmann/json.hpp>
#include <vector>

#include "lang/log.h"
#include "lang/print.h"
#include "lang/value.h"
#include "packet/describe.h"
#include "ruleset/field.h"
#include "stats/names.h"

namespace xdpctl::observe {

namespace {

using Json = nlohmann::json;
using ruleset::ValueType;

constexpr std::uint32_t transports = XDPCTL_HEADER_TCP | XDPCTL_HEADER_UDP | XDPCTL_HEADER_SCTP;

bool has(const xdpctl_packet& packet, std::uint32_t headers) {
    return (packet.headers & headers) != 0;
}

std::string symbol_of(ValueType type, std::uint32_t value) {
    const auto symbol = ruleset::symbol(type, value);
    return symbol ? std::string(*symbol) : fmt::to_string(value);
}

std::string address(const std::uint32_t (&words)[4], bool is_ip6) {
    if (!is_ip6)
        return lang::format_plain(ValueType::Ipv4Addr, words[0]);
    ruleset::Value value = 0;
    for (const std::uint32_t word : words)
        value = value << 32U | word;
    return lang::format_plain(ValueType::Ipv6Addr, value);
}

std::string ether_address(std::uint16_t high, std::uint32_t low) {
    return lang::format_plain(ValueType::EtherAddr, ruleset::Value{high} << 32U | low);
}

std::vector<std::string_view> flag_names(std::uint32_t flags) {
    std::vector<std::string_view> names;
    for (std::uint32_t bit = 1; bit <= flags; bit <<= 1U)
        if ((flags & bit) != 0)
            if (const auto name = ruleset::symbol(ValueType::TcpFlag, bit))
                names.push_back(*name);
    return names;
}

// "tcp", "ip6", "arp"; for others the EtherType.
std::string protocol(const xdpctl_packet& packet) {
    if (has(packet, XDPCTL_HEADER_L4PROTO))
        return symbol_of(ValueType::InetProto, packet.l4_proto);
    if (has(packet, XDPCTL_HEADER_IPV4))
        return "ip";
    if (has(packet, XDPCTL_HEADER_IPV6))
        return "ip6";
    if (has(packet, XDPCTL_HEADER_ARP))
        return "arp";
    return has(packet, XDPCTL_HEADER_ETHERNET) ? symbol_of(ValueType::EtherType, packet.network_proto) : "unknown";
}

std::string by(const Report& report) {
    const auto reason = static_cast<xdpctl_reason>(report.packet->reason);
    if (reason != XDPCTL_REASON_RULE)
        return std::string(stats::name(reason));
    if (report.rule == nullptr)
        return "a rule that is gone";
    std::string out = fmt::format("rule {}", std::to_underlying(report.rule->handle));
    if (!report.rule->comment.empty())
        out += fmt::format(" \"{}\"", report.rule->comment);
    return out;
}

std::string_view verdict(const Report& report) {
    return stats::name(static_cast<xdpctl_verdict>(report.packet->verdict));
}

Json rule_json(const ruleset::Rule& rule) {
    Json out{{"handle", std::to_underlying(rule.handle)},
             {"rule", lang::print_rule(rule, {.handles = false, .stateless = true, .count = {}})}};
    if (!rule.comment.empty())
        out["comment"] = rule.comment;
    return out;
}

Json packet_json(const xdpctl_packet& packet) {
    Json out{{"protocol", protocol(packet)}};
    if (has(packet, XDPCTL_HEADER_ETHERNET)) {
        out["ether_saddr"] = ether_address(packet.ether_saddr_high, packet.ether_saddr_low);
        out["ether_daddr"] = ether_address(packet.ether_daddr_high, packet.ether_daddr_low);
    }
    if (has(packet, XDPCTL_HEADER_VLAN))
        out["vlan"] = packet.vlan_tci[0] & 0xfff;
    if (has(packet, XDPCTL_HEADER_IPV4 | XDPCTL_HEADER_IPV6)) {
        out["saddr"] = address(packet.saddr, has(packet, XDPCTL_HEADER_IPV6));
        out["daddr"] = address(packet.daddr, has(packet, XDPCTL_HEADER_IPV6));
        out["fragment"] = has(packet, XDPCTL_HEADER_FRAGMENT);
    }
    if (has(packet, transports)) {
        out["sport"] = packet.sport;
        out["dport"] = packet.dport;
    }
    if (has(packet, XDPCTL_HEADER_TCP))
        out["flags"] = flag_names(packet.tcp_flags);
    if (has(packet, XDPCTL_HEADER_ICMP | XDPCTL_HEADER_ICMPV6)) {
        out["type"] = packet.icmp_type;
        out["code"] = packet.icmp_code;
    }
    return out;
}

}  // namespace

std::string decision(const Report& report) {
    return fmt::format("{} by {}", verdict(report), by(report));
}

std::string text(const Report& report) {
    std::string what = decision(report);
    if (report.logged != nullptr)
        what = fmt::format("log \"{}\" of rule {}, {}", report.logged->log()->prefix,
                           std::to_underlying(report.logged->handle), what);
    return fmt::format("{} {} {} {}: {}\n", local_time(report.time).substr(11), report.interface,
                       report.chain->hook == ruleset::Hook::Ingress ? "in" : "out", what,
                       packet::describe(*report.packet, report.frame, report.length));
}

nlohmann::json json(const Report& report) {
    Json out{{"event", report.logged != nullptr ? "log" : verdict(report)},
             {"time", seconds(report.time)},
             {"interface", report.interface},
             {"hook", stats::name(report.chain->hook)},
             {"table", report.table->name},
             {"chain", report.chain->name},
             {"verdict", verdict(report)},
             {"reason", stats::name(static_cast<xdpctl_reason>(report.packet->reason))},
             {"length", report.length},
             {"packet", packet_json(*report.packet)}};
    if (report.rule != nullptr)
        out["rule"] = rule_json(*report.rule);
    if (report.logged != nullptr) {
        const ruleset::Log& log = *report.logged->log();
        out["log"] = {{"prefix", log.prefix}, {"rule", rule_json(*report.logged)}};
        if (log.group)
            out["log"]["group"] = *log.group;
        else
            out["log"]["level"] = lang::level_name(log.level);
    }
    if (!report.frame.empty()) {
        std::string hex;
        for (const std::byte byte : report.frame)
            fmt::format_to(std::back_inserter(hex), "{:02x}", std::to_integer<unsigned>(byte));
        out["frame"] = std::move(hex);
    }
    return out;
}

std::string local_time(Time time) {
    const auto whole = std::chrono::floor<std::chrono::seconds>(time);
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(time - whole);
    const std::time_t clock = std::chrono::system_clock::to_time_t(whole);
    std::tm parts{};
    localtime_r(&clock, &parts);
    return fmt::format("{:%Y-%m-%d %H:%M:%S}.{:06}", parts, micros.count());
}

double seconds(Time time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace xdpctl::observe
