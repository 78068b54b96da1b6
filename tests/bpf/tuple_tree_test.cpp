// SPDX-License-Identifier: BSD-2-Clause
// The tuple-tree classifier in the kernel against the reference evaluator: decision, and every counter.
#include <gtest/gtest.h>

#include <cstring>

#include "compile/compile.h"
#include "kernel/load.h"
#include "support/classbench.h"
#include "support/classifier_run.h"
#include "support/evaluator.h"
#include "support/packet_fields.h"
#include "support/rule_mix.h"

namespace xdpctl::test {
namespace {

using kernel::Layer;

struct Loaded {
    ruleset::Chain chain;
    std::vector<std::string> devices = test_devices();
    std::optional<ClassifierRun> run;
};

Loaded load(ruleset::Chain chain, Layer layer, compile::Loops loops = compile::Loops::Free) {
    Loaded loaded{.chain = std::move(chain), .run = std::nullopt};
    std::vector<RuleSlot> slots;
    for (std::uint32_t i = 0; i < loaded.chain.rules.size(); ++i)
        slots.push_back(RuleSlot{i});
    const auto classifier = compile::compile(
        loaded.chain,
        {.rule_slots = slots, .device_names = loaded.devices, .loops = loops, .engine = compile::Engine::TupleTree});
    EXPECT_TRUE(classifier) << classifier.error().text();
    if (!classifier)
        return loaded;
    auto run = ClassifierRun::create(layer, *classifier, static_cast<std::uint32_t>(slots.size()));
    EXPECT_TRUE(run) << run.error().text();
    if (run)
        loaded.run = *std::move(run);
    return loaded;
}

void expect_same(const Loaded& loaded, std::size_t packets, Random& random) {
    ASSERT_TRUE(loaded.run);
    std::vector<Count> counts(loaded.chain.rules.size());
    for (std::size_t i = 0; i < packets; ++i) {
        const xdpctl_packet packet = random_packet(loaded.chain, 2, random);
        const Evaluation expected = evaluate(loaded.chain, fields_of(packet), loaded.devices[packet.device]);
        for (const std::size_t rule : expected.counted)
            counts[rule] += {1, packet.length};
        const auto got = loaded.run->run(packet);
        ASSERT_TRUE(got) << got.error().text();
        ASSERT_EQ(got->rule, expected.rule.value_or(XDPCTL_NO_RULE))
            << std::hex << packet.headers << " proto " << unsigned(packet.l4_proto) << " n " << i;
        ASSERT_EQ(got->verdict, expected.verdict == ruleset::Verdict::Drop ? XDPCTL_DROP : XDPCTL_ACCEPT);
        ASSERT_EQ(got->rule, expected.rule.value_or(XDPCTL_NO_RULE));
        ASSERT_EQ(got->reason, expected.rule ? 0U + XDPCTL_REASON_RULE : packet.reason);
        ASSERT_EQ(std::memcmp(&*got, &packet, offsetof(xdpctl_packet, verdict)), 0) << "the packet's fields changed";
    }
    const auto got = loaded.run->rule_counts();
    for (std::size_t rule = 0; rule < counts.size(); ++rule)
        EXPECT_EQ(got[rule], counts[rule]) << "rule " << rule;
}

class TupleTreeLayers : public testing::TestWithParam<Layer> {
protected:
    void SetUp() override {
        if (!kernel::may_goto_supported())
            GTEST_SKIP() << "this kernel has no may_goto";
    }
};

TEST_P(TupleTreeLayers, DecidesAndCountsAsTheEvaluatorSays) {
    for (std::uint64_t seed = 1; seed <= 8 && !HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        Random random(seed);
        RuleMix mix;
        mix.rules = random() % 500;
        expect_same(load(mixed_chain(mix, random), GetParam()), 400, random);
    }
}

TEST_P(TupleTreeLayers, WildcardsSetsAndNegations) {
    Random random(2);
    expect_same(
        load(mixed_chain({.rules = 300, .wildcard = 0.7, .set = 0.5, .negated = 0.3, .residual = 0.5, .pool = 4},
                         random),
             GetParam()),
        400, random);
}

// What rulesets do not use is not in their program.
TEST_P(TupleTreeLayers, OneFamilyAndNoResuming) {
    for (const double ipv6 : {0.0, 1.0}) {
        SCOPED_TRACE(ipv6);
        Random random(4);
        const RuleMix mix{.rules = 1000,
                          .ipv6 = ipv6,
                          .wildcard = 0.1,
                          .set = 0,
                          .negated = 0,
                          .residual = 0,
                          .counter_only = 0,
                          .split_counter = 0};
        expect_same(load(mixed_chain(mix, random), GetParam()), 400, random);
    }
}

INSTANTIATE_TEST_SUITE_P(All, TupleTreeLayers, testing::Values(Layer::Xdp, Layer::TcIngress, Layer::TcEgress));

// As kernels before 6.9 have it.
class BoundedLoops : public testing::TestWithParam<Layer> {
protected:
    void SetUp() override {
        if (kernel::loops_supported() == compile::Loops::None)
            GTEST_SKIP() << "this kernel has only straight-line code";
    }
};

TEST_P(BoundedLoops, DecideAndCountAsTheEvaluatorSays) {
    for (const double residual : {0.0, 0.5}) {
        SCOPED_TRACE(residual);
        Random random(5);
        const RuleMix mix{.rules = 800,
                          .wildcard = 0.1,
                          .set = 0.1,
                          .negated = 0.1,
                          .residual = residual,
                          .counter_only = 0,
                          .split_counter = 0};
        expect_same(load(mixed_chain(mix, random), GetParam(), compile::Loops::Bounded), 400, random);
    }
}

INSTANTIATE_TEST_SUITE_P(All, BoundedLoops, testing::Values(Layer::Xdp, Layer::TcIngress, Layer::TcEgress));

TEST(TupleTreeInKernel, ClassBench) {
    if (kernel::loops_supported() == compile::Loops::None)
        GTEST_SKIP() << "this kernel has only straight-line code";
    if (test_data().empty())
        GTEST_SKIP() << "XDPCTL_TEST_DATA is not set";
    for (const Family family : {Family::Ipv4, Family::Ipv6}) {
        for (const char* name : {"acl1_10k", "fw1_10k", "ipc1_10k"}) {
            SCOPED_TRACE(name);
            auto chain = load_classbench(test_data() + "/classbench/" + name + ".gz", family, 10'000);
            ASSERT_TRUE(chain) << chain.error().text();
            Random random(3);
            expect_same(load(*std::move(chain), Layer::Xdp, kernel::loops_supported()), 500, random);
        }
    }
}

}  // namespace
}  // namespace xdpctl::test
