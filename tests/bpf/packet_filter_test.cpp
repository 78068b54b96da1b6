// SPDX-License-Identifier: BSD-2-Clause
// Filter expressions in the kernel against libpcap's own interpreter.
#include "compile/packet_filter.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "loaded_filter.h"
#include "maps/observe.h"
#include "observe/expression.h"
#include "support/packet.h"
#include "support/random_chain.h"
#include "support/random_frame.h"

namespace xdpctl::test {
namespace {

class EveryExpression : public testing::TestWithParam<const char*> {};

TEST_P(EveryExpression, AnswersAsLibpcapDoes) {
    const auto expression = observe::Expression::compile(GetParam());
    ASSERT_TRUE(expression) << expression.error().text();
    const auto filter = compile::packet_filter(expression->instructions());
    ASSERT_TRUE(filter) << filter.error().text();
    const LoadedFilter loaded(*filter);
    ASSERT_TRUE(loaded.valid());
    std::mt19937 random(7);
    const ruleset::Chain chain = random_chain(random, ruleset::Hook::Ingress, 20);
    for (int i = 0; i < 3000; ++i) {
        Bytes frame = random_frame(random, chain);
        // Sometimes longer than the head, and sometimes cut anywhere.
        if (random() % 8 == 0)
            frame.resize(frame.size() + random() % 1000, std::byte(random()));
        else if (random() % 8 == 0)
            frame.resize(random() % (frame.size() + 1));
        const FilterAnswer answer = loaded.ask(frame);
        const bool expected = expression->matches(frame, static_cast<std::uint32_t>(frame.size()));
        if (answer == FilterAnswer::Unknown) {
            EXPECT_GT(frame.size(), XDPCTL_FILTER_BYTES) << "only longer frames cannot be decided";
        }
        ASSERT_TRUE(agrees(answer, expected)) << "frame of " << frame.size() << " bytes";
    }
}

INSTANTIATE_TEST_SUITE_P(
    All, EveryExpression,
    testing::Values("ip", "ip6", "arp", "tcp", "udp port 53", "not udp", "host 192.0.2.1", "net 192.0.2.0/24",
                    "src net 10.0.0.0/8 and tcp dst port 22", "tcp portrange 20-1000", "ip6 host 2001:db8::1",
                    "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", "ip[8] < 64", "greater 100", "less 80", "len % 3 = 1",
                    "vlan", "vlan 5 and ip", "vlan and vlan and udp", "icmp[icmptype] = icmp-echo", "icmp6",
                    "ether host 02:00:00:00:00:01", "ether multicast", "ether[600] = 0", "ip[ip[8]:2] > 1000",
                    "ip[2:2] - ((ip[0] & 0xf) << 2) > 10", "ether[14 + (ether[15] >> 2)] & 1 = 1",
                    "ether[20] << (ether[21] & 63) > 5", "ether[12:2] / ether[14] > 3", "ether[0xffffff] = 1",
                    "ether proto 0x0800 and ether[14:4] & 0xf0000000 = 0x40000000", "ip proto 132",
                    "port 22 or port 80 or port 443 or host 192.0.2.1 or net 198.51.100.0/24"));

TEST(PacketFilter, RefusesInstructionsThatFramesHaveNoUseFor) {
    const sock_filter unknown[] = {{0xffff, 0, 0, 0}, {BPF_RET | BPF_K, 0, 0, 1}};
    EXPECT_FALSE(compile::packet_filter(unknown));
    const sock_filter outside[] = {{BPF_JMP | BPF_JA, 0, 0, 9}, {BPF_RET | BPF_K, 0, 0, 1}};
    EXPECT_FALSE(compile::packet_filter(outside));
}

TEST(PacketFilter, LeavesLoopsToTheReader) {
    const auto expression = observe::Expression::compile("ip protochain 17");
    ASSERT_TRUE(expression) << expression.error().text();
    EXPECT_FALSE(compile::packet_filter(expression->instructions()));
}

}  // namespace
}  // namespace xdpctl::test
