// SPDX-License-Identifier: BSD-2-Clause
// Buckets of the real programs, under both engines: no token is spent twice, and the clock fills them.
#include <bpf/bpf.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "kernel/limit_maps.h"
#include "kernel/load.h"
#include "lang/parse.h"
#include "support/packet.h"
#include "testrun/testrun.h"

namespace xdpctl::test {
namespace {

using compile::Engine;
using kernel::Layer;

class Limits : public testing::TestWithParam<std::tuple<Layer, Engine>> {
protected:
    void load(std::string_view rules, testrun::Buckets buckets = testrun::Buckets::Emptying) {
        const std::string text = fmt::format(
            "table netdev t {{\n chain c {{ type filter hook ingress device \"lo\" priority 0; policy drop;\n {}\n "
            "}}\n}}\n",
            rules);
        auto ruleset = lang::parse_ruleset(text, "test");
        ASSERT_TRUE(ruleset.has_value()) << ruleset.error().text();
        ruleset::Table& table = ruleset->tables.front();
        for (std::uint64_t handle = 1; ruleset::Rule & rule : table.chains.front().rules)
            rule.handle = Handle{handle++};
        auto runner = testrun::Runner::create(table.chains.front(), std::get<0>(GetParam()), {},
                                              std::get<1>(GetParam()), &table, buckets);
        ASSERT_TRUE(runner.has_value()) << runner.error().text();
        runner_.emplace(*std::move(runner));
    }

    // Of so many bytes, as counters count them.
    static Bytes packet(std::size_t bytes = 100) {
        return frame({Ether{}, Ipv4{}, Udp{.dport = 53}, Bytes(bytes - 28)});
    }

    bool passes(const Bytes& frame) {
        const auto outcome = runner_->run(frame);
        EXPECT_TRUE(outcome.has_value()) << outcome.error().text();
        return outcome && outcome->verdict == ruleset::Verdict::Accept;
    }
    unsigned passing(unsigned packets, const Bytes& frame) {
        unsigned out = 0;
        for (; packets > 0; --packets)
            out += passes(frame) ? 1 : 0;
        return out;
    }
    // What the first rule counted.
    std::uint64_t counted() { return runner_->rule_counts().value().front().second.packets; }

    std::optional<testrun::Runner> runner_;
};

TEST_P(Limits, HoldForTheBurst) {
    load("limit rate 1/day burst 4 packets accept");
    EXPECT_EQ(passing(10, packet()), 4U);
    load("limit rate over 1/day burst 4 packets accept");
    EXPECT_EQ(passing(10, packet()), 6U);
}

// The bucket begins with the burst and what comes in the time; a packet that is too long takes nothing.
TEST_P(Limits, HoldForAsManyBytesAsThereAre) {
    load("limit rate 600 bytes/week burst 400 bytes accept");
    EXPECT_FALSE(passes(packet(1001)));
    EXPECT_TRUE(passes(packet(500)));
    EXPECT_FALSE(passes(packet(501)));
    EXPECT_TRUE(passes(packet(500)));
    EXPECT_FALSE(passes(packet(28)));
    load("limit rate 1000 bytes/week accept");
    EXPECT_TRUE(passes(packet(1000)));
    EXPECT_FALSE(passes(packet(28)));
}

TEST_P(Limits, TakeTokensWhatFollowsThem) {
    load("limit rate 1/day burst 3 packets udp dport 54 counter accept\nudp dport 53 counter accept");
    EXPECT_EQ(passing(3, packet()), 3U);
    EXPECT_FALSE(passes(frame({Ether{}, Ipv4{}, Udp{.dport = 54}, Bytes(10)})));
    load("udp dport 54 limit rate 1/day burst 3 packets counter accept\nudp dport 53 counter accept");
    EXPECT_EQ(passing(3, packet()), 3U);
    EXPECT_TRUE(passes(frame({Ether{}, Ipv4{}, Udp{.dport = 54}, Bytes(10)})));
}

TEST_P(Limits, LastWhereEveryPacketIsJudgedAlike) {
    load("limit rate 1/day burst 1 packets accept", testrun::Buckets::Lasting);
    EXPECT_EQ(passing(10, packet()), 10U);
    load("limit rate over 1/day burst 1 packets accept", testrun::Buckets::Lasting);
    EXPECT_EQ(passing(10, packet()), 0U);
    load("limit rate 100 bytes/day accept", testrun::Buckets::Lasting);
    EXPECT_EQ(passing(10, packet(100)), 10U);
    EXPECT_EQ(passing(10, packet(101)), 0U);
}

// Rates that no packet can exceed.
TEST_P(Limits, AlwaysHoldForWhatCostsNothing) {
    load("limit rate 2000000000/second burst 1 packets accept");
    EXPECT_EQ(passing(1000, packet()), 1000U);
}

TEST_P(Limits, AreNeverSpentTwice) {
    constexpr unsigned threads = 4;
    load("limit rate 1/week burst 15000 packets counter accept");
    const Bytes frame = packet();
    std::vector<std::jthread> running;
    for (unsigned i = 0; i < threads; ++i)
        running.emplace_back([&] { EXPECT_TRUE(runner_->time(frame, 50'000).has_value()); });
    running.clear();
    EXPECT_EQ(counted(), 15'000U);
}

// With wide bounds: the machine has other things to do.
TEST_P(Limits, FillWithTime) {
    using namespace std::chrono_literals;
    using Clock = std::chrono::steady_clock;
    constexpr double rate = 200;
    const auto start = Clock::now();
    load("limit rate 200/second burst 10 packets counter accept");
    const Bytes frame = packet();
    while (Clock::now() < start + 1s)
        ASSERT_TRUE(runner_->time(frame, 1000).has_value());
    const std::chrono::duration<double> elapsed = Clock::now() - start;
    EXPECT_GE(counted(), 10U + 20);
    EXPECT_LE(static_cast<double>(counted()), 10 + rate * elapsed.count() + 1);
}

INSTANTIATE_TEST_SUITE_P(All, Limits,
                         testing::Combine(testing::Values(Layer::Xdp, Layer::TcIngress),
                                          testing::Values(Engine::StraightLine, Engine::TupleTree)));

// What kernels before 5.12 run, and others: alone, in a program that returns what it says.
class Takings : public testing::TestWithParam<kernel::Taking> {};

TEST_P(Takings, TakeEachTokenOnce) {
    const auto instruction = [](std::uint8_t code, std::uint8_t to, std::uint8_t from, std::int32_t number) {
        return bpf_insn{.code = code,
                        .dst_reg = static_cast<std::uint8_t>(to & 0xfU),
                        .src_reg = static_cast<std::uint8_t>(from & 0xfU),
                        .off = 0,
                        .imm = number};
    };
    const compile::Program program{.instructions = {instruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_1, 0, 7),
                                                    instruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 100),
                                                    instruction(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0),
                                                    instruction(BPF_JMP | BPF_EXIT, 0, 0, 0)},
                                   .maps = {},
                                   .limits = {2}};
    const auto map = kernel::LimitMap::create(8).value();
    const auto limit = *lang::parse_rule("limit rate 100 bytes/week burst 500 bytes", "test")->limit();
    ASSERT_TRUE(map.write(LimitSlot{7}, kernel::bucket_of(limit, Handle{1})));
    std::vector<bpf_insn> instructions = program.instructions;
    ASSERT_TRUE(kernel::link_limits(program, &map, instructions, GetParam()));
    const auto loaded = kernel::load_program("limit", {BPF_PROG_TYPE_XDP, 0}, instructions);
    ASSERT_TRUE(loaded) << loaded.error().text();
    const Bytes frame(64);
    for (int i = 0; i < 10; ++i) {
        LIBBPF_OPTS(bpf_test_run_opts, options);
        options.data_in = frame.data();
        options.data_size_in = static_cast<__u32>(frame.size());
        ASSERT_EQ(bpf_prog_test_run_opts(loaded->get(), &options), 0);
        EXPECT_EQ(options.retval, i < 6 ? 1U : 0U);
    }
}

INSTANTIATE_TEST_SUITE_P(All, Takings, testing::Values(kernel::Taking::AtOnce, kernel::Taking::UnderLock));

ruleset::Ruleset ruleset_of(std::span<const std::uint64_t> handles) {
    ruleset::Ruleset ruleset;
    ruleset::Chain& chain = ruleset.tables.emplace_back().chains.emplace_back();
    for (const std::uint64_t handle : handles) {
        ruleset::Rule rule = lang::parse_rule("limit rate 10/second accept", "test").value();
        rule.handle = Handle{handle};
        chain.rules.push_back(std::move(rule));
    }
    return ruleset;
}

kernel::LimitPlan planned(const kernel::LimitMap& map, std::vector<std::uint64_t> running,
                          std::vector<std::uint64_t> next) {
    const ruleset::Ruleset before = ruleset_of(running), after = ruleset_of(next);
    auto plan = kernel::plan_limits(&map, before, after).value();
    EXPECT_TRUE(kernel::write_limits(map, plan));
    plan.taken.clear();  // refers to what is gone
    return plan;
}

TEST(LimitSlots, StayWithTheirRules) {
    const auto map = kernel::LimitMap::create().value();
    const auto first = planned(map, {}, {1, 2, 3});
    const auto second = planned(map, {1, 2, 3}, {3, 4, 1});
    EXPECT_EQ(second.slots.at(Handle{1}), first.slots.at(Handle{1}));
    EXPECT_EQ(second.slots.at(Handle{3}), first.slots.at(Handle{3}));
    EXPECT_NE(second.slots.at(Handle{4}), first.slots.at(Handle{2})) << "it may still be in use";
    EXPECT_FALSE(second.reuses_buckets);
}

// A commit that came to nothing has given handles to slots; the next one gives the same handles to other rules.
TEST(LimitSlots, AreNotThoseOfACommitThatCameToNothing) {
    const auto map = kernel::LimitMap::create().value();
    planned(map, {}, {1});
    const auto failed = planned(map, {1}, {1, 2, 3});
    const auto next = planned(map, {1}, {1, 3});
    EXPECT_TRUE(next.reuses_buckets);
    EXPECT_EQ(next.slots.at(Handle{3}), failed.slots.at(Handle{3}));
    const auto buckets = map.read().value();
    EXPECT_EQ(std::ranges::count(buckets, 3U, &xdpctl_limit::handle), 1);
    EXPECT_EQ(buckets[std::to_underlying(next.slots.at(Handle{3}))].empty_since, XDPCTL_LIMIT_FULL);
}

TEST(LimitSlots, AreGivenAwayWhenNoOthersAreFree) {
    const auto map = kernel::LimitMap::create().value();
    std::vector<std::uint64_t> all(XDPCTL_LIMITS_MAX), others(XDPCTL_LIMITS_MAX), last(XDPCTL_LIMITS_MAX);
    for (std::uint64_t i = 0; i < XDPCTL_LIMITS_MAX; ++i) {
        all[i] = 1 + i;
        others[i] = 1 + i + XDPCTL_LIMITS_MAX;
        last[i] = 1 + i + 2 * XDPCTL_LIMITS_MAX;
    }
    EXPECT_FALSE(planned(map, {}, all).reuses_buckets);
    const auto running = planned(map, all, others);
    EXPECT_FALSE(running.reuses_buckets);
    const auto plan = planned(map, others, last);
    EXPECT_TRUE(plan.reuses_buckets);
    std::set<LimitSlot> in_use;
    for (const auto& [handle, slot] : running.slots)
        in_use.insert(slot);
    for (const auto& [handle, slot] : plan.slots)
        ASSERT_FALSE(in_use.contains(slot));
    last.push_back(1 + 3 * XDPCTL_LIMITS_MAX);
    const auto refused = kernel::plan_limits(&map, ruleset_of(others), ruleset_of(last));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::Limit);
}

}  // namespace
}  // namespace xdpctl::test
