// SPDX-License-Identifier: BSD-2-Clause
// What is told about packets, by hand and against the reference evaluator.
#include <gtest/gtest.h>

#include "lang/parse.h"
#include "lang/print.h"
#include "story/story.h"
#include "support/evaluator.h"
#include "support/packet.h"
#include "support/packet_fields.h"
#include "support/random_chain.h"
#include "support/random_fields.h"
#include "support/random_frame.h"
#include "support/reference_parser.h"

namespace xdpctl::story {
namespace {

using ruleset::Hook;
using ruleset::Verdict;
using test::Bytes;
using test::frame;

ruleset::Chain chain_of(const std::string& rules) {
    const auto parsed = lang::parse_ruleset(
        "table netdev t {\nchain c {\ntype filter hook ingress device \"eth0\" priority filter; policy drop;\n" +
            rules + "\n}\n}\n",
        "test");
    EXPECT_TRUE(parsed) << parsed.error().text();
    return parsed ? parsed->tables.front().chains.front() : ruleset::Chain{};
}

xdpctl_packet parsed(const Bytes& frame) {
    std::mt19937 random(1);
    return test::packet_of(test::parse_frame(frame, Hook::Ingress), DeviceSlot{0}, random);
}

// The chain refers to nothing.
Story told(const ruleset::Chain& chain, const xdpctl_packet& packet, const Bytes& frame) {
    return tell(ruleset::Table{}, chain, packet, frame);
}

Story told(const ruleset::Chain& chain, const Bytes& frame) {
    return told(chain, parsed(frame), frame);
}

// Of full buckets.
TEST(Story, TellsOfLimits) {
    const ruleset::Chain chain = chain_of(
        "limit rate over 1/day drop\n"
        "tcp dport 23 limit rate 1/day drop\n"
        "limit rate 39 bytes/day drop\n"
        "tcp dport 22 limit rate 40 bytes/day accept\n"
        "drop");
    const Bytes packet = frame({test::Ether{}, test::Ipv4{}, test::Tcp{.dport = 22}});
    const Story story = told(chain, packet);
    EXPECT_EQ(story.verdict, Verdict::Accept);
    EXPECT_TRUE(story.is_certain);
    ASSERT_EQ(story.steps.size(), 4U);
    EXPECT_TRUE(story.steps[0].is_limited());
    EXPECT_FALSE(story.steps[0].matched());
    EXPECT_FALSE(story.steps[1].is_limited());
    EXPECT_TRUE(story.steps[2].is_limited());
    EXPECT_FALSE(story.steps[2].matched());
    EXPECT_TRUE(story.steps[3].is_limited());
    EXPECT_TRUE(story.steps[3].tests[1].is_limit());
    EXPECT_EQ(story.decided(), &story.steps[3]);
    EXPECT_EQ(test::evaluate(chain, test::parse_frame(packet, Hook::Ingress), "eth0").rule, 3U);
}

TEST(Story, TellsEveryMatchOfEveryRule) {
    const ruleset::Chain chain = chain_of(
        "counter\n"
        "ip saddr { 192.0.2.0/24, 203.0.113.1 } tcp dport 23 accept\n"
        "tcp flags & (syn | ack) == syn iifname \"eth0\" accept\n"
        "drop");
    const Story story = told(chain, frame({test::Ether{}, test::Ipv4{}, test::Tcp{.dport = 22}}));
    EXPECT_EQ(story.verdict, Verdict::Accept);
    EXPECT_EQ(story.reason, XDPCTL_REASON_RULE);
    ASSERT_EQ(story.steps.size(), 3U);
    EXPECT_TRUE(story.steps[0].matched());
    EXPECT_TRUE(story.steps[0].tests.empty());

    const Step& near = story.steps[1];
    EXPECT_FALSE(near.matched());
    EXPECT_TRUE(near.nearly_matched());
    ASSERT_EQ(near.tests.size(), 2U);
    EXPECT_TRUE(near.tests[0].holds);
    EXPECT_EQ(near.tests[0].parts[0].found, 0xc0000201);
    EXPECT_EQ(near.tests[0].parts[0].element, (ruleset::Interval{0xc0000200, 0xc00002ff}));
    EXPECT_FALSE(near.tests[1].holds);
    EXPECT_EQ(near.tests[1].parts[0].found, 22);

    EXPECT_EQ(story.decided(), &story.steps[2]);
    EXPECT_EQ(story.decided()->number, 3U);
    EXPECT_EQ(story.decided()->tests[0].parts[0].found, 2);
}

TEST(Story, TellsOfFieldsThatAreMissing) {
    const ruleset::Chain chain = chain_of("tcp dport != 22 ip saddr 192.0.2.1 accept");
    const Story story = told(chain, frame({test::Ether{}, test::Ipv4{}, test::Udp{}}));
    EXPECT_EQ(story.verdict, Verdict::Drop);
    EXPECT_EQ(story.reason, XDPCTL_REASON_POLICY);
    EXPECT_EQ(story.decided(), nullptr);
    EXPECT_FALSE(story.steps[0].tests[0].holds);
    EXPECT_EQ(story.steps[0].tests[0].parts[0].found, std::nullopt);
    EXPECT_TRUE(story.steps[0].tests[1].holds);
}

TEST(Story, KnowsWhatItDoesNotKnow) {
    const ruleset::Chain chain = chain_of(
        "meta mark 1 udp dport 1 accept\n"
        "meta mark 1 ip saddr 192.0.2.1 accept\n"
        "udp dport 1 accept");
    const Story story = told(chain, frame({test::Ether{}, test::Ipv4{}, test::Tcp{}}));
    EXPECT_FALSE(story.is_certain);
    EXPECT_FALSE(story.steps[0].may_match()) << "it is no UDP";
    EXPECT_TRUE(story.steps[1].may_match());
    EXPECT_FALSE(story.steps[1].tests[0].is_known());
    EXPECT_TRUE(story.steps[1].tests[1].is_known());
    EXPECT_TRUE(told(chain_of("udp dport 1 meta random < 5 drop"), frame({test::Ether{}, test::Ipv4{}, test::Tcp{}}))
                    .is_certain);
}

TEST(Story, LooksIntoNamedSets) {
    const auto parsed_text = lang::parse_ruleset(
        "table netdev t {\n"
        "set bad {\ntype ipv4_addr\nflags interval\nelements = { 192.0.2.0/24, 203.0.113.1 }\n}\n"
        "chain c {\ntype filter hook ingress device \"eth0\" priority filter;\n"
        "ip daddr @bad drop\nip saddr @bad drop\n}\n}\n",
        "test");
    ASSERT_TRUE(parsed_text) << parsed_text.error().text();
    const ruleset::Table& table = parsed_text->tables.front();
    const Bytes packet = frame({test::Ether{}, test::Ipv4{}, test::Udp{}});
    const Story story = tell(table, table.chains.front(), parsed(packet), packet);
    EXPECT_EQ(story.verdict, Verdict::Drop);
    ASSERT_EQ(story.steps.size(), 2U);
    EXPECT_EQ(story.steps[0].tests[0].parts[0].element, std::nullopt);
    EXPECT_EQ(story.steps[1].tests[0].parts[0].element, (ruleset::Interval{0xc0000200, 0xc00002ff}));
    EXPECT_EQ(story.steps[1].tests[0].statement, &table.chains.front().rules[1].statements[0]);
}

TEST(Story, FindsTheEdgesOfLargeSets) {
    std::string elements;
    for (int i = 0; i < 200; ++i)
        elements += (i == 0 ? "" : ", ") + std::to_string(10 * i) + "-" + std::to_string(10 * i + 4);
    const auto parsed_text =
        lang::parse_ruleset("table netdev t {\nset s {\ntype inet_service\nflags interval\nelements = { " + elements +
                                " }\n}\nchain c {\ntype filter hook ingress device \"eth0\" "
                                "priority filter;\ntcp dport @s drop\n}\n}\n",
                            "test");
    ASSERT_TRUE(parsed_text) << parsed_text.error().text();
    const ruleset::Table& table = parsed_text->tables.front();
    for (const int port : {0, 4, 5, 9, 10, 1990, 1994, 1995, 65535}) {
        const Bytes packet = frame({test::Ether{}, test::Ipv4{}, test::Tcp{.dport = static_cast<std::uint16_t>(port)}});
        const Story story = tell(table, table.chains.front(), parsed(packet), packet);
        const bool is_element = port < 2000 && port % 10 < 5;
        EXPECT_EQ(story.steps[0].matched(), is_element) << port;
        if (is_element) {
            EXPECT_EQ(story.steps[0].tests[0].parts[0].element->first, static_cast<unsigned>(port / 10 * 10));
        }
    }
}

TEST(Story, NamesWhatIsMalformed) {
    const Story story =
        told(chain_of("tcp dport 22 accept"), test::cut(frame({test::Ether{}, test::Ipv4{}, test::Tcp{}}), 44));
    EXPECT_EQ(story.reason, XDPCTL_MALFORMED_IPV4_LENGTH);
}

TEST(Story, AgreesWithTheReference) {
    std::mt19937 random(20261126);
    for (int round = 0; round < 200; ++round) {
        const Hook hook = round % 2 == 0 ? Hook::Ingress : Hook::Egress;
        const ruleset::Chain chain = test::random_chain(random, hook, 1 + random() % 20, test::MatchedFields::OfPacket);
        for (int i = 0; i < 20; ++i) {
            const test::Fields fields = test::random_fields(random, chain);
            const test::Evaluation expected = test::evaluate(chain, fields, chain.devices.front());
            const Story story = told(chain, test::packet_of(fields, DeviceSlot{0}, random), {});
            ASSERT_EQ(story.verdict, expected.verdict) << lang::print_chain(chain);
            ASSERT_EQ(story.reason, expected.reason) << lang::print_chain(chain);
            ASSERT_EQ(story.decided() != nullptr, expected.rule.has_value());
            if (expected.rule) {
                ASSERT_EQ(story.decided()->number, *expected.rule + 1) << lang::print_chain(chain);
            }
        }
    }
}

TEST(Story, TellsOfFieldsInTheFrame) {
    const ruleset::Chain chain = chain_of("ip ttl { 1, 64 } tcp window 0xffff ip dscp cs1 accept");
    const Bytes packet = frame({test::Ether{}, test::Ipv4{}, test::Tcp{}});
    const Story story = told(chain, test::parse_reference(packet, Hook::Ingress), packet);
    ASSERT_EQ(story.steps.size(), 1U);
    const std::vector<story::Test>& tests = story.steps[0].tests;
    EXPECT_EQ(tests[0].parts[0].found, 64);
    EXPECT_EQ(tests[0].parts[0].element, (ruleset::Interval{64, 64}));
    EXPECT_TRUE(tests[1].holds);
    EXPECT_EQ(tests[2].parts[0].found, 0);
    EXPECT_TRUE(story.steps[0].nearly_matched());
}

TEST(Story, AgreesWithTheReferenceAboutFrames) {
    std::mt19937 random(20261127);
    for (int round = 0; round < 100; ++round) {
        const ruleset::Chain chain =
            test::random_chain(random, Hook::Ingress, 1 + random() % 20, test::MatchedFields::OfFrame);
        for (int i = 0; i < 20; ++i) {
            const Bytes packet = test::random_frame(random, chain);
            const test::Evaluation expected =
                test::evaluate(chain, test::parse_frame(packet, Hook::Ingress), chain.devices.front());
            const Story story = told(chain, test::parse_reference(packet, Hook::Ingress), packet);
            ASSERT_EQ(story.verdict, expected.verdict) << lang::print_chain(chain);
            if (expected.rule) {
                ASSERT_EQ(story.decided()->number, *expected.rule + 1) << lang::print_chain(chain);
            }
        }
    }
}

}  // namespace
}  // namespace xdpctl::story
