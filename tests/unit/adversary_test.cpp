// SPDX-License-Identifier: BSD-2-Clause
// Rulesets made to blow up decision trees and hash tables: copies stay within their budget, and where no tree can tell
// the rules apart a packet costs what asking them one by one does, which the report says beforehand. Nothing fails.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/tuple_tree_check.h"

namespace xdpctl::test {
namespace {

using ruleset::Field;
using ruleset::Interval;
using ruleset::Value;

constexpr std::size_t rules = 5000;

ruleset::Match match(Field field, Interval values) {
    ruleset::Match match;
    match.field = field;
    match.values = {values};
    return match;
}

Interval prefix(Value address, unsigned length) {
    const Value host = (Value{1} << (32 - length)) - 1;
    return {address & ~host, address | host};
}

Interval ports(Random& random) {
    const Value one = random() % 65536, other = random() % 65536;
    return {std::min(one, other), std::max(one, other)};
}

template <typename Draw>
ruleset::Chain chain_of(std::size_t size, Draw draw) {
    ruleset::Chain chain;
    chain.name = "ingress";
    for (std::size_t i = 0; i < size; ++i) {
        ruleset::Rule rule;
        for (ruleset::Match& made : draw(i))
            rule.statements.push_back(ruleset::Statement(std::move(made)));
        rule.statements.push_back(ruleset::Statement(ruleset::Counter{}));
        rule.statements.push_back(ruleset::Statement(i % 2 == 0 ? ruleset::Verdict::Accept : ruleset::Verdict::Drop));
        chain.rules.push_back(std::move(rule));
    }
    return chain;
}

using Matches = std::vector<ruleset::Match>;

// One field each, and which one differs from rule to rule: everything crosses everything.
ruleset::Chain one_field_each(Random& random) {
    return chain_of(rules, [&](std::size_t i) -> Matches {
        const auto length = static_cast<unsigned>(1 + random() % 32);
        switch (i % 4) {
        case 0:
            return {match(Field::IpSaddr, prefix(random() & 0xffffffff, length))};
        case 1:
            return {match(Field::IpDaddr, prefix(random() & 0xffffffff, length))};
        case 2:
            return {match(Field::UdpSport, ports(random))};
        default:
            return {match(Field::UdpDport, ports(random))};
        }
    });
}

// Boxes over four dimensions, none of which is a single value.
ruleset::Chain all_ranges(Random& random) {
    return chain_of(rules, [&](std::size_t) -> Matches {
        return {match(Field::IpSaddr, prefix(random() & 0xffffffff, static_cast<unsigned>(1 + random() % 8))),
                match(Field::IpDaddr, prefix(random() & 0xffffffff, static_cast<unsigned>(1 + random() % 8))),
                match(Field::UdpSport, ports(random)), match(Field::UdpDport, ports(random))};
    });
}

// One key under every mask there is, and ports that overlap.
ruleset::Chain one_bucket(Random& random) {
    return chain_of(rules, [&](std::size_t) -> Matches {
        return {match(Field::IpSaddr, {0xc0000201, 0xc0000201}), match(Field::IpDaddr, {0xc6336401, 0xc6336401}),
                match(Field::UdpSport, ports(random)), match(Field::UdpDport, ports(random))};
    });
}

// Each rule lies inside the one behind it.
ruleset::Chain onion(Random&) {
    return chain_of(rules, [&](std::size_t i) -> Matches {
        const Value half = i + 1;
        return {match(Field::UdpSport, {32768 - half, 32768 + half}),
                match(Field::UdpDport, {32768 - half, 32768 + half})};
    });
}

// Sources and destinations that cross like the threads of a cloth.
ruleset::Chain cloth(Random&) {
    return chain_of(rules, [&](std::size_t i) -> Matches {
        return {match(i % 2 == 0 ? Field::IpSaddr : Field::IpDaddr, prefix(Value{i / 2} << 16, 16))};
    });
}

struct Attack {
    const char* name;
    ruleset::Chain (*make)(Random&);
    std::size_t steps;  // at most
};

class Adversary : public testing::TestWithParam<Attack> {};

TEST_P(Adversary, StaysWithinItsBounds) {
    Random random(1);
    const Compiled made = compiled(GetParam().make(random));
    ASSERT_NE(made.tables, nullptr);
    const auto& report = made.tables->report;
    fmt::print("{}: {} records of {} boxes, {} bytes, {} steps at most, lists of up to {}\n", GetParam().name,
               report.records, report.candidates, report.bytes, report.worst_steps, report.longest_list);
    EXPECT_LE(report.records, 12 * report.candidates);
    EXPECT_LE(report.bytes, 50'000 + rules * 600);
    EXPECT_LE(report.worst_steps, GetParam().steps);
    EXPECT_GT(expect_same(made, 500, random), 0U);
}

INSTANTIATE_TEST_SUITE_P(All, Adversary,
                         testing::Values(Attack{"OneFieldEach", one_field_each, 3'000},
                                         Attack{"AllRanges", all_ranges, 200}, Attack{"OneBucket", one_bucket, 300},
                                         Attack{"Onion", onion, rules + 1}, Attack{"Cloth", cloth, 20}),
                         [](const auto& parameter) { return parameter.param.name; });

}  // namespace
}  // namespace xdpctl::test
