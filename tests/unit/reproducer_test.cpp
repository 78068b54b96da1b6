// SPDX-License-Identifier: BSD-2-Clause
#include "support/reproducer.h"

#include <gtest/gtest.h>

#include <cstring>

#include "support/rule_mix.h"

namespace xdpctl::test {
namespace {

// Stands for a defect that two rules and one field of the packet bring about together.
bool shows_defect(const ruleset::Chain& chain, const xdpctl_packet& packet) {
    const auto has = [&](std::uint64_t handle) {
        return std::ranges::find(chain.rules, Handle{handle}, &ruleset::Rule::handle) != chain.rules.end();
    };
    return has(17) && has(42) && packet.dport == 80;
}

TEST(Reproducer, KeepsWhatTheDefectNeedsAndNothingElse) {
    Random random(1);
    ruleset::Chain chain = mixed_chain({.rules = 300}, random);
    for (std::uint64_t handle = 1; ruleset::Rule & rule : chain.rules)
        rule.handle = Handle{handle++};
    xdpctl_packet packet{};
    std::memset(&packet, 0x5a, sizeof packet);
    packet.dport = 80;

    const Reproducer small = minimized({chain, packet}, shows_defect);

    ASSERT_EQ(small.chain.rules.size(), 2U);
    EXPECT_EQ(small.chain.rules[0].handle, Handle{17});
    EXPECT_EQ(small.chain.rules[1].handle, Handle{42});
    for (const ruleset::Rule& rule : small.chain.rules)
        EXPECT_EQ(rule.statements.size(), 1U);
    xdpctl_packet only_port{};
    only_port.dport = 80;
    EXPECT_EQ(std::memcmp(&small.packet, &only_port, sizeof only_port), 0);
}

TEST(Reproducer, PrintsRulesAndPacket) {
    Random random(2);
    Reproducer found{mixed_chain({.rules = 3}, random), {}};
    found.packet.saddr[0] = 0xc0000201;
    EXPECT_NE(found.text().find("chain ingress {"), std::string::npos);
    EXPECT_NE(found.text().find("c0000201"), std::string::npos);
}

}  // namespace
}  // namespace xdpctl::test
