// SPDX-License-Identifier: BSD-2-Clause
// Packets through a chain's real programs: verdict, deciding rule, reason and counters on every layer.
#include "testrun/testrun.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "support/packet.h"

namespace xdpctl::testrun {
namespace {

using kernel::Layer;
using ruleset::Field;
using ruleset::Interval;
using ruleset::Match;
using ruleset::Rule;
using ruleset::Statement;
using ruleset::Value;
using ruleset::Verdict;
using test::Bytes;
using test::frame;

Match equals(Field field, Value value) {
    Match match;
    match.field = field;
    match.values = {Interval{value, value}};
    return match;
}

Rule rule(std::uint64_t handle, ruleset::SharedList<Statement> statements) {
    Rule made;
    made.statements = std::move(statements);
    made.handle = Handle{handle};
    return made;
}

constexpr std::uint32_t host = 0xc6336401;  // 198.51.100.1

// Rule 7 counts everything, 8 drops TCP 22 to the host, 9 accepts UDP.
ruleset::Chain chain_for(Layer layer) {
    ruleset::Chain chain;
    chain.name = "chain";
    chain.hook = layer == Layer::TcEgress ? ruleset::Hook::Egress : ruleset::Hook::Ingress;
    chain.devices = {"eth0", "eth1"};
    chain.policy = Verdict::Drop;
    chain.rules = {
        rule(7, {ruleset::Counter{}}),
        rule(8, {equals(Field::IpDaddr, host), equals(Field::IpProtocol, IPPROTO_TCP), equals(Field::TcpDport, 22),
                 ruleset::Counter{}, Verdict::Drop}),
        rule(9, {equals(Field::MetaL4proto, IPPROTO_UDP), Verdict::Accept}),
    };
    return chain;
}

class TestRunTest : public testing::TestWithParam<Layer> {
protected:
    Result<Runner> runner_ = Runner::create(chain_for(GetParam()), GetParam(), "eth1");

    void SetUp() override { ASSERT_TRUE(runner_.has_value()) << runner_.error().text(); }

    Outcome run(const Bytes& frame) {
        auto outcome = runner_->run(frame);
        EXPECT_TRUE(outcome.has_value()) << outcome.error().text();
        return *std::move(outcome);
    }
};

TEST_P(TestRunTest, TellsWhatDecided) {
    const Bytes ssh = frame({test::Ether{}, test::Ipv4{}, test::Tcp{.dport = 22}, Bytes(10)});
    const Bytes dns = frame({test::Ether{}, test::Ipv6{}, test::Udp{}, Bytes(10)});
    const Bytes web = frame({test::Ether{}, test::Ipv4{}, test::Tcp{.dport = 80}});

    const Outcome dropped = run(ssh);
    EXPECT_EQ(dropped.verdict, Verdict::Drop);
    EXPECT_EQ(dropped.reason, XDPCTL_REASON_RULE);
    EXPECT_EQ(dropped.rule, Handle{8});
    EXPECT_EQ(dropped.packet.device, 1);
    EXPECT_EQ(dropped.frame, ssh);

    const Outcome accepted = run(dns);
    EXPECT_EQ(accepted.verdict, Verdict::Accept);
    EXPECT_EQ(accepted.reason, XDPCTL_REASON_RULE);
    EXPECT_EQ(accepted.rule, Handle{9});

    const Outcome undecided = run(web);
    EXPECT_EQ(undecided.verdict, Verdict::Drop);
    EXPECT_EQ(undecided.reason, XDPCTL_REASON_POLICY);
    EXPECT_FALSE(undecided.rule.has_value());

    const std::size_t uncounted = GetParam() == Layer::TcEgress ? 0 : 14;
    const auto counts = runner_->rule_counts();
    ASSERT_TRUE(counts.has_value()) << counts.error().text();
    const std::vector<std::pair<Handle, Count>> expected{
        {Handle{7}, Count{3, ssh.size() + dns.size() + web.size() - 3 * uncounted}},
        {Handle{8}, Count{1, ssh.size() - uncounted}}};
    EXPECT_EQ(*counts, expected);
}

TEST_P(TestRunTest, RefusesFramesTheKernelCannotTake) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{13}, std::size_t{1} << 20}) {
        const auto outcome = runner_->run(Bytes(size));
        ASSERT_FALSE(outcome.has_value()) << size;
        EXPECT_EQ(outcome.error().kind, ErrorKind::Input) << outcome.error().text();
        EXPECT_NE(outcome.error().what.find(std::to_string(size) + " bytes"), std::string::npos);
    }
}

TEST_P(TestRunTest, RepeatsForTiming) {
    const auto timing = runner_->time(frame({test::Ether{}, test::Ipv4{}, test::Udp{}}), 1000);
    ASSERT_TRUE(timing.has_value()) << timing.error().text();
    EXPECT_GT(timing->nanoseconds_each, 0U);
    EXPECT_EQ(runner_->rule_counts()->at(0).second.packets, 1000U);
}

std::string layer_name(const testing::TestParamInfo<Layer>& layer) {
    return layer.param == Layer::Xdp ? "Xdp" : layer.param == Layer::TcIngress ? "TcIngress" : "TcEgress";
}

INSTANTIATE_TEST_SUITE_P(Layers, TestRunTest, testing::Values(Layer::Xdp, Layer::TcIngress, Layer::TcEgress),
                         layer_name);

TEST(TestRun, RefusesAChainOfTheOtherHook) {
    const auto runner = Runner::create(chain_for(Layer::TcEgress), Layer::Xdp);
    ASSERT_FALSE(runner.has_value());
    EXPECT_EQ(runner.error().kind, ErrorKind::Usage);
}

TEST(TestRun, RefusesADeviceOutsideTheChain) {
    const auto runner = Runner::create(chain_for(Layer::Xdp), Layer::Xdp, "eth2");
    ASSERT_FALSE(runner.has_value());
    EXPECT_EQ(runner.error().kind, ErrorKind::NotFound);
    EXPECT_NE(runner.error().next.find("eth0, eth1"), std::string::npos);
}

}  // namespace
}  // namespace xdpctl::testrun
