// SPDX-License-Identifier: BSD-2-Clause
// Every field of the frame by every engine and layer: the hit, both boundaries, the negation, the wrong protocol, the
// packet cut off, against the evaluator.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <span>

#include "kernel/load.h"
#include "lang/print.h"
#include "support/evaluator.h"
#include "support/field_cases.h"
#include "testrun/testrun.h"

namespace xdpctl::test {
namespace {

using kernel::Layer;
using ruleset::Field;

// Rules that only count.
ruleset::Chain counting_chain(std::span<const ruleset::Match> matches, ruleset::Hook hook) {
    ruleset::Chain chain;
    chain.name = "fields";
    chain.hook = hook;
    chain.devices = {"eth0"};
    for (const ruleset::Match& match : matches) {
        ruleset::Rule& rule = chain.rules.emplace_back();
        rule.statements = {match, ruleset::Counter{}};
        rule.handle = Handle{chain.rules.size()};
    }
    return chain;
}

class EveryField : public testing::TestWithParam<std::tuple<Layer, compile::Engine>> {
protected:
    static Layer layer() { return std::get<Layer>(GetParam()); }
    static compile::Engine engine() { return std::get<compile::Engine>(GetParam()); }
    static ruleset::Hook hook() { return layer() == Layer::TcEgress ? ruleset::Hook::Egress : ruleset::Hook::Ingress; }

    void SetUp() override {
        if (engine() == compile::Engine::TupleTree && !kernel::may_goto_supported())
            GTEST_SKIP() << "this kernel has no may_goto";
    }

    // Test runs of TC programs take no frame whose IP header is cut off.
    static bool can_run(const Bytes& frame) {
        const auto type = std::to_integer<unsigned>(frame[12]) << 8 | std::to_integer<unsigned>(frame[13]);
        const std::size_t behind = frame.size() - 14;
        return layer() == Layer::Xdp || !((type == 0x0800 && behind < 20) || (type == 0x86dd && behind < 40));
    }

    // Runs all frames through the chain, and through the evaluator.
    static void compare(const ruleset::Chain& chain, std::span<const Bytes> frames) {
        auto runner = testrun::Runner::create(chain, layer(), {}, engine());
        ASSERT_TRUE(runner) << runner.error().text();
        std::vector<Count> expected(chain.rules.size());
        for (const Bytes& frame : frames) {
            if (!can_run(frame))
                continue;
            const Fields fields = parse_frame(frame, chain.hook);
            for (const std::size_t rule : evaluate(chain, fields, "eth0").counted)
                expected[rule] += {1, fields.length};
            const auto got = runner->run(frame);
            ASSERT_TRUE(got) << got.error().text();
        }
        const auto counts = runner->rule_counts();
        ASSERT_TRUE(counts) << counts.error().text();
        ASSERT_EQ(counts->size(), chain.rules.size());
        for (std::size_t rule = 0; rule < chain.rules.size(); ++rule)
            EXPECT_EQ((*counts)[rule].second, expected[rule]) << lang::print_rule(chain.rules[rule]);
    }
};

TEST_P(EveryField, IsComparedAsTheEvaluatorSays) {
    ASSERT_GT(field_cases().size(), 80U);
    constexpr std::size_t together = 8;  // in one chain: loading costs more than running
    for (std::size_t first = 0; first < field_cases().size(); first += together) {
        std::vector<ruleset::Match> matches;
        std::vector<Bytes> frames;
        for (const FieldCase& tested :
             std::span(field_cases()).subspan(first).first(std::min(together, field_cases().size() - first))) {
            std::ranges::copy(tested.matches(), std::back_inserter(matches));
            std::ranges::copy(tested.well_formed_frames(), std::back_inserter(frames));
            std::ranges::copy(tested.cut_frames(), std::back_inserter(frames));
        }
        compare(counting_chain(matches, hook()), frames);
        if (HasFailure())
            return;
    }
}

TEST_P(EveryField, OfRawPayloadNeedsAllItsBytes) {
    const Bytes whole = frame({Ether{}, Vlan{.id = 5}, Ipv4{}, Udp{}, Bytes(8, std::byte{0x5a})});
    std::vector<Bytes> frames;
    for (std::size_t size = 14; size <= whole.size(); ++size)
        frames.push_back(cut(whole, size));
    using Base = ruleset::RawPayload::Base;
    std::vector<ruleset::Match> matches;
    for (const Base base : {Base::Link, Base::Network, Base::Transport})
        for (const std::uint32_t offset : {0U, 5U, 90U, 96U, 104U, 112U, 120U, 128U})
            for (const std::uint32_t length : {1U, 8U, 13U, 16U, 24U, 32U, 48U, 56U, 100U}) {
                ruleset::Match& match = matches.emplace_back();
                match.field = Field::Raw;
                match.payload = {.base = base, .offset = offset, .length = length};
                match.relation = ruleset::Relation::NotEqual;
                match.values = {{1, 1}};
            }
    compare(counting_chain(matches, hook()), frames);
}

TEST_P(EveryField, OfTheContextIsKnownAtTcOnly) {
    for (const Field field : {Field::MetaMark, Field::MetaPriority, Field::MetaPkttype}) {
        ruleset::Match match;
        match.field = field;
        // Test runs take frames in from lo, whose broadcast address is another: a group address all the same.
        const bool is_type = field == Field::MetaPkttype;
        match.values = {is_type ? ruleset::Interval{2, 2} : ruleset::Interval{0, 0}};
        const ruleset::Chain chain = counting_chain(std::span(&match, 1), hook());
        auto runner = testrun::Runner::create(chain, layer(), {}, engine());
        if (layer() == Layer::Xdp) {
            ASSERT_FALSE(runner);
            EXPECT_NE(runner.error().text().find("rule 1 of chain fields cannot run at XDP"), std::string::npos);
            EXPECT_NE(runner.error().text().find("--mode tc"), std::string::npos);
            continue;
        }
        ASSERT_TRUE(runner) << runner.error().text();
        const Ether broadcast{.daddr = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
        ASSERT_TRUE(runner->run(frame({broadcast, Ipv4{}, Udp{}, Bytes(20)})));
        EXPECT_EQ(runner->rule_counts()->front().second.packets, 1U) << lang::print_rule(chain.rules[0]);
    }
}

TEST_P(EveryField, OfChanceAndPlaceHasItsValues) {
    std::vector<ruleset::Match> matches(4);
    for (ruleset::Match& match : matches)
        match.field = &match < &matches[2] ? Field::MetaRandom : Field::MetaCpu;
    matches[0].values = {{0, 0x7fffffff}};
    matches[1].values = {{0x80000000, 0xffffffff}};
    matches[2].values = {{0, 0xffff}};
    matches[3].values = {{0x10000, 0xffffffff}};
    const ruleset::Chain chain = counting_chain(matches, hook());
    auto runner = testrun::Runner::create(chain, layer(), {}, engine());
    ASSERT_TRUE(runner) << runner.error().text();
    constexpr std::uint64_t runs = 4000;
    ASSERT_TRUE(runner->time(frame({Ether{}, Ipv4{}, Udp{}, Bytes(20)}), runs));
    const auto counts = runner->rule_counts().value();
    for (const std::size_t half : {0, 1}) {  // eight standard deviations around the middle
        EXPECT_GT(counts[half].second.packets, runs / 2 - 253);
        EXPECT_LT(counts[half].second.packets, runs / 2 + 253);
    }
    EXPECT_EQ(counts[2].second.packets, runs);
    EXPECT_EQ(counts[3].second.packets, 0U);
}

INSTANTIATE_TEST_SUITE_P(All, EveryField,
                         testing::Combine(testing::Values(Layer::Xdp, Layer::TcIngress, Layer::TcEgress),
                                          testing::Values(compile::Engine::StraightLine, compile::Engine::TupleTree)));

}  // namespace
}  // namespace xdpctl::test
