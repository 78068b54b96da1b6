// SPDX-License-Identifier: BSD-2-Clause
// The whole way of a packet, entry to exit, against the reference evaluator: random frames through random chains on
// every layer, by every engine. What is parsed, what is decided and every counter must be equal.
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <map>

#include "kernel/load.h"
#include "lang/print.h"
#include "ruleset/reach.h"
#include "support/evaluator.h"
#include "support/packet_fields.h"
#include "support/random_chain.h"
#include "support/random_frame.h"
#include "support/random_table.h"
#include "testrun/testrun.h"

namespace xdpctl::test {
namespace {

using kernel::Layer;

// Of what the entry program leaves in the packet.
std::string text(const Fields& fields) {
    std::string out = fmt::format("malformed {}", static_cast<int>(fields.malformed.value_or(XDPCTL_REASON_RULE)));
    for (const auto& [field, value] : fields.values)
        if (is_in_packet(field))
            out += fmt::format(", {} {} {:#x}{:016x}", ruleset::info(field).protocol, ruleset::info(field).name,
                               static_cast<std::uint64_t>(value >> 64), static_cast<std::uint64_t>(value));
    return out;
}

// Test runs of TC programs take no frame whose IP header is cut off.
bool can_run(Layer layer, std::span<const std::byte> frame, const Fields& fields) {
    const auto type = fields.values.at(ruleset::Field::EtherType);
    const std::size_t behind = frame.size() - 14;
    return layer == Layer::Xdp || !((type == 0x0800 && behind < 20) || (type == 0x86dd && behind < 40));
}

class Layers : public testing::TestWithParam<std::tuple<Layer, compile::Engine>> {
protected:
    static Layer layer() { return std::get<Layer>(GetParam()); }
    static compile::Engine engine() { return std::get<compile::Engine>(GetParam()); }

    // Judges one frame both ways and keeps the evaluator's counts.
    void compare(testrun::Runner& runner, const ruleset::Chain& chain, std::span<const std::byte> frame,
                 std::map<Handle, Count>& counts, Buckets& buckets, const ruleset::Table& table = {}) {
        const auto rules = ruleset::rules_with_slots(table, chain);
        const Fields fields = parse_frame(frame, chain.hook);
        if (!can_run(layer(), frame, fields))
            return;
        const Evaluation expected = evaluate(chain, fields, chain.devices.front(), table, &buckets);
        for (const std::size_t rule : expected.counted)
            counts[rules[rule]->handle] += {1, fields.length};
        const auto got = runner.run(frame);
        ASSERT_TRUE(got) << got.error().text();
        EXPECT_EQ(text(fields_of(got->packet)), text(fields));
        EXPECT_EQ(got->verdict, expected.verdict);
        EXPECT_EQ(got->reason, expected.reason);
        const auto rule = expected.rule ? std::optional(rules[*expected.rule]->handle) : std::nullopt;
        EXPECT_EQ(got->rule, rule);
        // A rule's slot is its place in the chain.
        const std::vector<std::size_t> logged(got->packet.log_rules, got->packet.log_rules + got->packet.logs);
        std::vector<std::size_t> reported = expected.logged;
        reported.resize(std::min<std::size_t>(reported.size(), XDPCTL_LOGS_MAX));
        EXPECT_EQ(logged, reported);
    }
};

TEST_P(Layers, JudgeAndCountAsTheEvaluatorSays) {
    if (engine() == compile::Engine::TupleTree && !kernel::may_goto_supported())
        GTEST_SKIP() << "this kernel has no may_goto";
    const auto hook = layer() == Layer::TcEgress ? ruleset::Hook::Egress : ruleset::Hook::Ingress;
    std::mt19937 random(static_cast<unsigned>(layer()));
    for (const std::size_t rules : {0, 1, 3, 10, 50}) {
        for (int i = 0; i < 6; ++i) {
            ruleset::Chain chain = random_chain(random, hook, rules, MatchedFields::OfFrame);
            add_limits(random, chain.rules);
            std::map<Handle, Count> counts;
            for (std::uint64_t handle = 1; ruleset::Rule & rule : chain.rules) {
                rule.handle = Handle{handle++};
                if (rule.counter() != nullptr)
                    counts[rule.handle] = {};
            }
            auto runner = testrun::Runner::create(chain, layer(), {}, engine(), nullptr, testrun::Buckets::Emptying);
            ASSERT_TRUE(runner) << runner.error().text();
            Buckets buckets;
            for (int j = 0; j < 200; ++j) {
                const Bytes frame = random_frame(random, chain);
                compare(*runner, chain, frame, counts, buckets);
                ASSERT_FALSE(HasFailure()) << lang::print_chain(chain) << "frame " << hex(frame);
            }
            const auto got = runner->rule_counts();
            ASSERT_TRUE(got) << got.error().text();
            EXPECT_EQ((std::map<Handle, Count>(got->begin(), got->end())), counts) << lang::print_chain(chain);
            ASSERT_FALSE(HasFailure());
        }
    }
}

// Tables with sets, jumps and maps: a rule counts a packet each time that the packet comes to it.
TEST_P(Layers, FollowJumpsAsTheEvaluatorSays) {
    if (engine() == compile::Engine::TupleTree && !kernel::may_goto_supported())
        GTEST_SKIP() << "this kernel has no may_goto";
    const auto hook = layer() == Layer::TcEgress ? ruleset::Hook::Egress : ruleset::Hook::Ingress;
    std::mt19937 random(100 + static_cast<unsigned>(layer()));
    for (const std::size_t rules : {2, 5, 12}) {
        for (int i = 0; i < 5; ++i) {
            ruleset::Ruleset ruleset;
            ruleset.tables.push_back(random_table(random, hook, rules));
            std::uint64_t handle = 1;
            for (ruleset::Chain& any : ruleset.tables.front().chains)
                add_limits(random, any.rules);
            for (ruleset::Chain& any : ruleset.tables.front().chains)
                for (ruleset::Rule& rule : any.rules)
                    rule.handle = Handle{handle++};
            const ruleset::Table& table = ruleset.tables.front();
            const ruleset::Chain& chain = table.chains.front();
            const ruleset::Chain values = all_values(table);
            std::map<Handle, Count> counts;
            for (const ruleset::Rule* rule : ruleset::rules_with_slots(table, chain))
                if (rule->counter() != nullptr)
                    counts[rule->handle] = {};
            auto runner = testrun::Runner::create(chain, layer(), {}, engine(), &table, testrun::Buckets::Emptying);
            ASSERT_TRUE(runner) << runner.error().text();
            Buckets buckets;
            for (int j = 0; j < 200; ++j) {
                const Bytes frame = random_frame(random, values);
                compare(*runner, chain, frame, counts, buckets, table);
                ASSERT_FALSE(HasFailure()) << lang::print_ruleset(ruleset) << "frame " << hex(frame);
            }
            const auto got = runner->rule_counts();
            ASSERT_TRUE(got) << got.error().text();
            EXPECT_EQ((std::map<Handle, Count>(got->begin(), got->end())), counts) << lang::print_ruleset(ruleset);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(All, Layers,
                         testing::Combine(testing::Values(Layer::Xdp, Layer::TcIngress, Layer::TcEgress),
                                          testing::Values(compile::Engine::StraightLine, compile::Engine::TupleTree)));

}  // namespace
}  // namespace xdpctl::test
