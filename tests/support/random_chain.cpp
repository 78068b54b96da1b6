// SPDX-License-Identifier: BSD-2-Clause
#include "support/random_chain.h"

#include <algorithm>

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
    const std::vector<std::string> names{"eth0", "eth1", "eth*", "wan0", "lan*"};
    std::ranges::sample(names, std::back_inserter(match.names), static_cast<std::ptrdiff_t>(1 + up_to(random, 1)),
                        random);
    std::ranges::sort(match.names);
    match.is_set = match.names.size() > 1;
    return match;
}

Match random_match(std::mt19937& random, ruleset::Hook hook) {
    const auto all = ruleset::fields();
    Match match;
    do {
        match.field = all[up_to(random, all.size() - 1)].field;
    } while (match.field == (hook == ruleset::Hook::Ingress ? Field::MetaOifname : Field::MetaIifname));
    if (match.field == Field::MetaIifname || match.field == Field::MetaOifname)
        return random_names(random, match.field);
    const unsigned bits = ruleset::info(match.field).bits;
    if (match.field == Field::TcpFlags && one_in(random, 2)) {
        match.mask = 1 + up_to(random, 254);
        match.is_flags = one_in(random, 2);
        if (match.is_flags)
            return match;
    }
    match.relation = static_cast<Relation>(up_to(random, 5));
    const bool single = match.relation != Relation::Equal && match.relation != Relation::NotEqual;
    match.is_set = !single && one_in(random, 2);
    if (single) {
        const Value value = random_value(random, bits);
        match.values = {{value, value}};
        return match;
    }
    const std::size_t count = match.is_set ? 1 + up_to(random, one_in(random, 4) ? 40 : 5) : 1;
    for (std::size_t i = 0; i < count; ++i)
        match.values.push_back(random_interval(random, bits));
    match.values = disjoint(std::move(match.values));
    return match;
}

ruleset::Rule random_rule(std::mt19937& random, ruleset::Hook hook) {
    ruleset::Rule rule;
    const std::size_t matches = one_in(random, 50) ? 0 : 1 + up_to(random, 2);
    for (std::size_t i = 0; i < matches; ++i)
        rule.statements.emplace_back(random_match(random, hook));
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

ruleset::Chain random_chain(std::mt19937& random, ruleset::Hook hook, std::size_t rules) {
    ruleset::Chain chain;
    chain.name = "random";
    chain.hook = hook;
    chain.devices = {"eth0", "eth1", "wan0"};
    chain.policy = one_in(random, 2) ? ruleset::Verdict::Drop : ruleset::Verdict::Accept;
    for (std::size_t i = 0; i < rules; ++i)
        chain.rules.push_back(random_rule(random, hook));
    return chain;
}

}  // namespace xdpctl::test
