// SPDX-License-Identifier: BSD-2-Clause
#include "support/classbench.h"

#include <zlib.h>

#include <array>
#include <cstdio>
#include <memory>
#include <optional>

namespace xdpctl::test {

namespace {

using ruleset::Chain;
using ruleset::Field;
using ruleset::Interval;
using ruleset::Match;
using ruleset::Rule;
using ruleset::Value;

constexpr std::uint8_t tcp = 6, udp = 17;

Interval prefix(Value address, unsigned length, unsigned bits) {
    const Value host =
        length == 0 ? (bits == 128 ? ~Value{0} : (Value{1} << bits) - 1) : (Value{1} << (bits - length)) - 1;
    return {address & ~host, (address & ~host) | host};
}

struct ClassBenchLine {
    std::uint32_t source, destination;
    unsigned source_length, destination_length;
    unsigned sport_first, sport_last, dport_first, dport_last;
    unsigned proto, proto_mask, flags, flags_mask;
};

std::optional<ClassBenchLine> parse(const char* text) {
    ClassBenchLine line{};
    std::array<unsigned, 4> s{}, d{};
    const int fields = std::sscanf(text, "@%u.%u.%u.%u/%u %u.%u.%u.%u/%u %u : %u %u : %u %x/%x %x/%x", &s[0], &s[1],
                                   &s[2], &s[3], &line.source_length, &d[0], &d[1], &d[2], &d[3],
                                   &line.destination_length, &line.sport_first, &line.sport_last, &line.dport_first,
                                   &line.dport_last, &line.proto, &line.proto_mask, &line.flags, &line.flags_mask);
    if (fields < 16)
        return std::nullopt;
    line.source = s[0] << 24 | s[1] << 16 | s[2] << 8 | s[3];
    line.destination = d[0] << 24 | d[1] << 16 | d[2] << 8 | d[3];
    return line;
}

Match classbench_address(Family family, bool source, std::uint32_t address, unsigned length) {
    Match match;
    if (family == Family::Ipv4) {
        match.field = source ? Field::IpSaddr : Field::IpDaddr;
        match.values = {prefix(address, length, 32)};
        return match;
    }
    match.field = source ? Field::Ip6Saddr : Field::Ip6Daddr;
    const std::uint64_t mixed = (address + 1) * 0x9e3779b97f4a7c15ULL;
    const bool host = length == 32 && (mixed >> 32 & 1) != 0;
    const Value whole = Value{0x20010db8} << 96 | Value{address} << 64 | (host ? mixed : 0);
    match.values = {prefix(whole, length == 0 ? 0 : host ? 128 : 32 + length, 128)};
    return match;
}

void classbench_port(Rule& rule, Field field, unsigned first, unsigned last) {
    if (first == 0 && last == 0xffff)
        return;
    Match match;
    match.field = field;
    match.values = {{first, last}};
    rule.statements.emplace_back(std::move(match));
}

Rule classbench_rule(const ClassBenchLine& line, Family family) {
    Rule rule;
    if (line.source_length != 0)
        rule.statements.emplace_back(classbench_address(family, true, line.source, line.source_length));
    if (line.destination_length != 0)
        rule.statements.emplace_back(classbench_address(family, false, line.destination, line.destination_length));
    if (line.proto_mask == 0xff && (line.proto == tcp || line.proto == udp)) {
        classbench_port(rule, line.proto == tcp ? Field::TcpSport : Field::UdpSport, line.sport_first, line.sport_last);
        classbench_port(rule, line.proto == tcp ? Field::TcpDport : Field::UdpDport, line.dport_first, line.dport_last);
    }
    if (line.proto_mask == 0xff) {
        Match match;
        match.field = Field::MetaL4proto;
        match.values = {{line.proto, line.proto}};
        rule.statements.emplace_back(std::move(match));
    }
    if (line.proto == tcp && (line.flags_mask >> 8 & 0x3f) != 0) {
        Match match;
        match.field = Field::TcpFlags;
        match.mask = line.flags_mask >> 8 & 0x3f;
        match.values = {{line.flags >> 8 & 0x3f & *match.mask, line.flags >> 8 & 0x3f & *match.mask}};
        rule.statements.emplace_back(std::move(match));
    }
    return rule;
}

}  // namespace

Result<Chain> load_classbench(const std::string& path, Family family, std::size_t rules_max) {
    const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "r"), gzclose);
    if (file == nullptr)
        return fail(ErrorKind::Input, "cannot open " + path);
    Chain chain;
    chain.name = "ingress";
    std::array<char, 512> text{};
    while (chain.rules.size() < rules_max &&
           gzgets(file.get(), text.data(), static_cast<int>(text.size())) != nullptr) {
        const auto line = parse(text.data());
        if (!line)
            continue;
        Rule rule = classbench_rule(*line, family);
        rule.statements.emplace_back(ruleset::Counter{});
        rule.statements.emplace_back(chain.rules.size() % 2 == 0 ? ruleset::Verdict::Accept : ruleset::Verdict::Drop);
        chain.rules.push_back(std::move(rule));
    }
    return chain;
}

}  // namespace xdpctl::test
