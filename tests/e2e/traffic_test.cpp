// SPDX-License-Identifier: BSD-2-Clause
// The traffic helpers tell arrival from silence: without this, a test of "dropped" could pass on a broken network.
#include "support/traffic.h"

#include <gtest/gtest.h>

#include "support/command.h"

namespace xdpctl::test {
namespace {

class TrafficTest : public testing::Test {
protected:
    void SetUp() override {
        pair_.left().add_address("192.0.2.1/24");
        pair_.right().add_address("192.0.2.2/24");
        pair_.left().add_address("2001:db8::1/64");
        pair_.right().add_address("2001:db8::2/64");
    }
    Netns left_;
    Netns right_;
    VethPair pair_{left_, "left", right_, "right"};
};

TEST_F(TrafficTest, ArrivesOverIpv4AndIpv6) {
    for (const std::string address : {"192.0.2.2", "2001:db8::2"}) {
        EXPECT_TRUE(ping(left_, address)) << address;
        EXPECT_TRUE(udp_arrives(left_, right_, address, 5000)) << address;
        EXPECT_TRUE(tcp_connects(left_, right_, address, 5000)) << address;
    }
}

TEST_F(TrafficTest, DoesNotArriveWhenTheLinkIsDown) {
    // Static neighbours keep the failure from being one of address resolution.
    pair_.left().add_neighbour("192.0.2.2", pair_.right().mac());
    right_.shell("ip link set right down");
    EXPECT_FALSE(ping(left_, "192.0.2.2", silence_timeout));
    EXPECT_FALSE(udp_arrives(left_, right_, "192.0.2.2", 5000, silence_timeout));
    EXPECT_FALSE(tcp_connects(left_, right_, "192.0.2.2", 5000, silence_timeout));
}

TEST(FrameTest, ArrivesUnchanged) {
    const Netns left;
    const Netns right;
    const VethPair pair(left, "left", right, "right");
    const PacketSocket sender(pair.left());
    const PacketSocket receiver(pair.right());
    EXPECT_FALSE(receiver.receive(silence_timeout)) << "the pair must be silent";
    for (const std::uint8_t type_high : Frame{0x08, 0x81}) {  // IPv4, and a tag, which the kernel takes off in between
        Frame frame(64);
        frame[12] = type_high;
        frame[15] = 7;
        sender.send(frame);
        EXPECT_EQ(receiver.receive(), frame);
    }
}

TEST(CommandTest, CollectsOutputAndStatus) {
    const CommandResult result = run_command({"sh", "-c", "cat; echo problem >&2; exit 3"}, "input");
    EXPECT_EQ(result.out, "input");
    EXPECT_EQ(result.err, "problem\n");
    EXPECT_EQ(result.status, 3);
    EXPECT_EQ(run_command({"sleep", "10"}, {}, std::chrono::milliseconds(50)).status, 128 + 9);
}

}  // namespace
}  // namespace xdpctl::test
