// SPDX-License-Identifier: BSD-2-Clause
// The tables of the tuple-tree classifier, walked in plain C++, against evaluating the chain rule by rule.
#include "compile/tuple_tree/tables.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>

#include "support/classbench.h"
#include "support/tuple_tree_check.h"

namespace xdpctl::test {
namespace {

using compile::tuple_tree::BuildOptions;

TEST(TupleTree, EmptyChainDecidesNothing) {
    Random random(1);
    const Compiled empty = compiled({});
    EXPECT_EQ(expect_same(empty, 100, random), 0U);
}

TEST(TupleTree, RandomRulesets) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        SCOPED_TRACE(seed);
        Random random(seed);
        RuleMix mix;
        mix.rules = 1 + random() % 400;
        const Compiled made = compiled(mixed_chain(mix, random));
        EXPECT_GT(expect_same(made, 1500, random), 0U);
    }
}

// Packets that a limit does not hold for go on behind its rule, whatever else the rule asks.
TEST(TupleTree, LimitedRulesets) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        SCOPED_TRACE(seed);
        Random random(seed);
        const Compiled made = compiled(
            mixed_chain({.rules = 1 + random() % 200, .split_counter = 0.3, .limited = 0.4, .pool = 4}, random));
        EXPECT_GT(expect_same(made, 500, random), 0U);
    }
}

// As many pairs of a ruleset and a packet as XDPCTL_TEST_PAIRS says: a million or more, for a release build.
TEST(TupleTree, ManyPairs) {
    const char* asked = std::getenv("XDPCTL_TEST_PAIRS");
    if (asked == nullptr)
        GTEST_SKIP() << "XDPCTL_TEST_PAIRS is not set";
    const std::size_t pairs = std::stoul(asked);
    constexpr std::size_t each = 5000;
    std::size_t decided = 0;
    std::uint64_t seed = 1000;
    for (std::size_t done = 0; done < pairs && !HasFailure(); done += each) {
        SCOPED_TRACE(++seed);
        Random random(seed);
        RuleMix mix;
        mix.rules = 1 + random() % 200;
        mix.ipv6 = static_cast<double>(random() % 100) / 100;
        mix.wildcard = static_cast<double>(random() % 80) / 100;
        mix.set = static_cast<double>(random() % 50) / 100;
        mix.negated = static_cast<double>(random() % 30) / 100;
        mix.residual = static_cast<double>(random() % 40) / 100;
        mix.pool = 1 + static_cast<unsigned>(random() % 40);
        decided += expect_same(compiled(mixed_chain(mix, random)), std::min(each, pairs - done), random);
    }
    std::cout << pairs << " pairs, " << decided << " of them decided by a rule\n";
}

TEST(TupleTree, WildcardHeavy) {
    Random random(2);
    const Compiled made =
        compiled(mixed_chain({.rules = 600, .wildcard = 0.8, .counter_only = 0.5, .pool = 40}, random));
    expect_same(made, 1500, random);
}

TEST(TupleTree, OneBucket) {
    Random random(3);
    const Compiled made =
        compiled(mixed_chain({.rules = 2000, .ipv6 = 0.2, .wildcard = 0.02, .set = 0, .pool = 1}, random));
    expect_same(made, 1500, random);
}

TEST(TupleTree, EverythingNegatedOrInSets) {
    Random random(4);
    const Compiled made =
        compiled(mixed_chain({.rules = 300, .set = 0.9, .negated = 0.5, .residual = 0.6, .pool = 4}, random));
    expect_same(made, 1500, random);
}

// Sets past the limit of boxes become residual tests: same answers.
TEST(TupleTree, SetsAsResiduals) {
    Random random(5);
    BuildOptions options;
    options.flatten.boxes_each = 2;
    const Compiled made = compiled(mixed_chain({.rules = 300, .set = 0.9, .pool = 4}, random), options);
    EXPECT_LE(made.tables->report.candidates, 2U * 2U * 600U);
    expect_same(made, 1500, random);
}

TEST(TupleTree, SameInputSameTables) {
    Random random(6);
    const ruleset::Chain chain = mixed_chain({.rules = 1000}, random);
    const Compiled one = compiled(chain), two = compiled(chain);
    const auto same = [](const compile::tuple_tree::PlacedArray& left, const compile::tuple_tree::PlacedArray& right) {
        return left.offset == right.offset && std::ranges::equal(left.bytes, right.bytes);
    };
    EXPECT_TRUE(std::ranges::equal(placed_arrays(*one.tables), placed_arrays(*two.tables), same));
}

TEST(TupleTree, TellsProgress) {
    Random random(7);
    std::size_t last = 0, total = 0;
    BuildOptions options;
    options.progress = [&](std::size_t done, std::size_t all) {
        EXPECT_GE(done, last);
        last = done;
        total = all;
    };
    const Compiled made = compiled(mixed_chain({.rules = 1000}, random), options);
    EXPECT_EQ(last, total);
    EXPECT_EQ(total, made.tables->report.candidates);
}

// Rules that no tree can tell apart and that all resume: the number of steps is known beforehand, and refused.
TEST(TupleTree, RefusesEndlessResuming) {
    ruleset::Chain chain;
    chain.name = "ingress";
    chain.rules.resize(5000);
    for (ruleset::Rule& rule : chain.rules)
        rule.statements = {ruleset::Counter{}};
    const auto slots = slots_of(chain);
    const auto devices = test_devices();
    const auto tables = compile::tuple_tree::build(chain, {.rule_slots = slots, .device_names = devices});
    ASSERT_FALSE(tables.has_value());
    EXPECT_EQ(tables.error().kind, ErrorKind::Limit);
}

class ClassBench : public testing::TestWithParam<std::tuple<const char*, Family>> {};

TEST_P(ClassBench, SameAsRuleByRule) {
    if (test_data().empty())
        GTEST_SKIP() << "XDPCTL_TEST_DATA is not set";
    const auto [name, family] = GetParam();
    auto chain = load_classbench(test_data() + "/classbench/" + name + ".gz", family, ~std::size_t{0});
    ASSERT_TRUE(chain.has_value()) << chain.error().text();
    Random random(8);
    const Compiled made = compiled(std::move(*chain));
    const auto& report = made.tables->report;
    EXPECT_LE(report.records, 2 * report.candidates);
    EXPECT_LE(report.bytes, 50000 + made.chain.rules.size() * (family == Family::Ipv4 ? 60 : 110));
    EXPECT_GT(expect_same(made, 3'000'000 / made.chain.rules.size(), random), 0U);
}

INSTANTIATE_TEST_SUITE_P(Files, ClassBench,
                         testing::Combine(testing::Values("acl1_1k", "fw1_1k", "ipc1_1k", "acl1_10k", "fw1_10k",
                                                          "ipc1_10k", "acl1_100k", "fw1_100k", "ipc1_100k"),
                                          testing::Values(Family::Ipv4, Family::Ipv6)),
                         [](const auto& parameter) {
                             return std::string(std::get<0>(parameter.param)) +
                                    (std::get<1>(parameter.param) == Family::Ipv4 ? "_ipv4" : "_ipv6");
                         });

}  // namespace
}  // namespace xdpctl::test
