// SPDX-License-Identifier: BSD-2-Clause
#include "support/random_chain.h"

#include <algorithm>

#include "support/packet_fields.h"

namespace xdpctl::test {

namespace {

using ruleset::Field;
using ruleset::Interval;
using ruleset::Match;
using ruleset::Relation;
using ruleset::Value;

std::size_t up_to(std::mt19937& random, std::size_t highest) {
    return std::uniform_int_distribution<std::size_t>(0, highest)(random);
}

bool one_in(std::mt19937& random, std::size_t n) {
    return up_to(random, n - 1) == 0;
}

Value random_value(std::mt19937& random, unsigned bits) {
    Value out = 0;
    for (unsigned i = 0; i < 4; ++i)
        out = out << 32 | random();
    // Few distinct values in the upper part, so that sets share words.
    if (bits > 32 && !one_in(random, 4))
        out &= (Value{0x3} << (bits - 32)) | (bits > 64 ? Value{0x7} << (bits - 64) : Value{0}) | 0xff;
    return bits == 128 ? out : out & ((Value{1} << bits) - 1);
}

Interval random_interval(std::mt19937& random, unsigned bits) {
    const Value highest = bits == 128 ? ~Value{0} : (Value{1} << bits) - 1;
    const Value first = random_value(random, bits);
    switch (up_to(random, 4)) {
    case 0: {  // a prefix
        const Value host = (Value{1} << up_to(random, bits - 1)) - 1;
        return {first & ~host, first | host};
    }
    case 1: {  // a range
        const Value other = random_value(random, bits);
        return {std::min(first, other), std::max(first, other)};
    }
    case 2:  // a range at an edge
        return one_in(random, 2) ? Interval{0, first} : Interval{first, highest};
    default:
        return {first, first};
    }
}

std::vector<Interval> disjoint(std::vector<Interval> intervals) {
    std::ranges::sort(intervals, {}, &Interval::first);
    std::vector<Interval> out;
    for (const Interval& interval : intervals)
        if (out.empty() || interval.first > out.back().last)
            out.push_back(interval);
    return out;
}

Match random_names(std::mt19937& random, Field field) {
    Match match;
    match.field = field;
    match.relation = one_in(random, 3) ? Relation::NotEqual : Relation::Equal;
    std::vector<std::string> names{"eth0", "eth1", "wan0", "lan0"};
    if (ruleset::info(field).type == ruleset::ValueType::Ifname)
        names.insert(names.end(), {"eth*", "lan*"});
    std::ranges::sample(names, std::back_inserter(match.names), static_cast<std::ptrdiff_t>(1 + up_to(random, 1)),
                        random);
    std::ranges::sort(match.names);
    match.is_set = match.names.size() > 1;
    return match;
}

// What depends on where and when a frame is judged has tests of its own.
bool is_of_frame(Field field) {
    switch (field) {
    case Field::MetaMark:
    case Field::MetaPriority:
    case Field::MetaPkttype:
    case Field::MetaCpu:
    case Field::MetaRandom:
        return false;
    default:
        return true;
    }
}

Field random_field(std::mt19937& random, ruleset::Hook hook, MatchedFields matched) {
    const auto all = ruleset::fields();
    for (;;) {
        const Field field = all[up_to(random, all.size() - 1)].field;
        const bool is_in = field == Field::MetaIifname || field == Field::MetaIif;
        const bool is_out = field == Field::MetaOifname || field == Field::MetaOif;
        if (is_in || is_out) {
            if (is_in == (hook == ruleset::Hook::Ingress))
                return field;
        } else if (matched == MatchedFields::OfPacket ? is_in_packet(field) : is_of_frame(field)) {
            return field;
        }
    }
}

ruleset::RawPayload random_payload(std::mt19937& random) {
    ruleset::RawPayload out{.base = static_cast<ruleset::RawPayload::Base>(up_to(random, 2))};
    out.offset = static_cast<std::uint32_t>(one_in(random, 2) ? 8 * up_to(random, 40) : up_to(random, 320));
    const std::size_t longest = ruleset::raw_payload_bits_max - out.offset % 8;
    out.length =
        static_cast<std::uint32_t>(one_in(random, 2) ? 8 * (1 + up_to(random, 3)) : 1 + up_to(random, longest - 1));
    return out;
}

// Every second one keeps a few bits only.
void add_mask(std::mt19937& random, Match& match, unsigned bits) {
    const Value highest = bits == 128 ? ~Value{0} : (Value{1} << bits) - 1;
    match.mask = random_value(random, bits);
    if (one_in(random, 2))
        match.mask = *match.mask & random_value(random, bits) & random_value(random, bits);
    if (one_in(random, 3))
        match.ones = random_value(random, bits) & ~*match.mask & highest;
}

Match random_match(std::mt19937& random, ruleset::Hook hook, MatchedFields matched) {
    Match match;
    match.field = random_field(random, hook, matched);
    if (ruleset::is_interface(ruleset::info(match.field).type))
        return random_names(random, match.field);
    if (match.field == Field::Raw)
        match.payload = random_payload(random);
    const ruleset::FieldInfo field = ruleset::field_of(match);
    const unsigned bits = field.bits;
    if (match.field == Field::TcpFlags && one_in(random, 2)) {
        match.mask = 1 + up_to(random, 254);
        match.is_flags = one_in(random, 2);
        if (match.is_flags)
            return match;
    } else if (field.type != ruleset::ValueType::Existence && one_in(random, 4)) {
        add_mask(random, match, bits);
    }
    match.relation = static_cast<Relation>(up_to(random, 5));
    const bool single = match.relation != Relation::Equal && match.relation != Relation::NotEqual;
    match.is_set = !single && one_in(random, 2);
    // Only some values are left.
    const auto kept = [&](Value value) { return match.mask ? (value & *match.mask) | match.ones : value; };
    if (single) {
        const Value value = kept(random_value(random, bits));
        match.values = {{value, value}};
        return match;
    }
    const std::size_t count = match.is_set ? 1 + up_to(random, one_in(random, 4) ? 40 : 5) : 1;
    for (std::size_t i = 0; i < count; ++i) {
        const Interval interval = random_interval(random, bits);
        const bool is_value = match.mask && one_in(random, 2);
        match.values.push_back(is_value ? Interval{kept(interval.first), kept(interval.first)} : interval);
    }
    match.values = disjoint(std::move(match.values));
    return match;
}

ruleset::Rule random_rule(std::mt19937& random, ruleset::Hook hook, MatchedFields fields) {
    ruleset::Rule rule;
    const std::size_t matches = one_in(random, 50) ? 0 : 1 + up_to(random, 2);
    for (std::size_t i = 0; i < matches; ++i)
        rule.statements.emplace_back(random_match(random, hook, fields));
    if (!one_in(random, 4)) {
        const std::size_t place = one_in(random, 4) ? up_to(random, matches) : matches;
        rule.statements.insert(rule.statements.begin() + static_cast<std::ptrdiff_t>(place), ruleset::Counter{});
    }
    if (one_in(random, 8)) {
        const std::size_t place = up_to(random, rule.statements.size());
        rule.statements.insert(rule.statements.begin() + static_cast<std::ptrdiff_t>(place), ruleset::Log{});
    }
    // Mostly rules that go on, so that a packet meets many rules.
    if (matches != 0 && one_in(random, 3))
        rule.statements.emplace_back(one_in(random, 2) ? ruleset::Verdict::Drop : ruleset::Verdict::Accept);
    return rule;
}

}  // namespace

void add_limits(std::mt19937& random, std::vector<ruleset::Rule>& rules) {
    for (ruleset::Rule& rule : rules) {
        if (rule.statements.empty() || !one_in(random, 3))
            continue;
        ruleset::Limit limit;
        limit.unit = one_in(random, 3) ? ruleset::Limit::Unit::Bytes : ruleset::Limit::Unit::Packets;
        limit.is_over = one_in(random, 3);
        limit.per = one_in(random, 2) ? std::chrono::days(1) : std::chrono::weeks(1);
        const bool of_packets = limit.unit == ruleset::Limit::Unit::Packets;
        limit.rate = 1 + up_to(random, of_packets ? 20 : 1000);
        limit.burst = static_cast<std::uint32_t>(of_packets ? 1 + up_to(random, 10) : up_to(random, 2000));
        const std::size_t last = rule.statements.size() - (ruleset::ends_rule(rule.statements.back()) ? 1 : 0);
        rule.statements.insert(rule.statements.begin() + static_cast<std::ptrdiff_t>(up_to(random, last)), limit);
    }
}

ruleset::Chain random_chain(std::mt19937& random, ruleset::Hook hook, std::size_t rules, MatchedFields fields) {
    ruleset::Chain chain;
    chain.name = "random";
    chain.hook = hook;
    chain.devices = {"eth0", "eth1", "wan0"};
    chain.policy = one_in(random, 2) ? ruleset::Verdict::Drop : ruleset::Verdict::Accept;
    for (std::size_t i = 0; i < rules; ++i)
        chain.rules.push_back(random_rule(random, hook, fields));
    return chain;
}

}  // namespace xdpctl::test
