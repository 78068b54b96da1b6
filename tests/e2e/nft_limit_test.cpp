// SPDX-License-Identifier: BSD-2-Clause
// Limits in nft and in xdpctl hold for the same packets.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "e2e/nft_differential.h"
#include "ruleset/check.h"

namespace xdpctl::test {
namespace {

using ruleset::Hook;

// Limits that no comparison takes so long as to fill again, in a chain that is code and in one that is tables.
std::string limited_table(Hook hook, std::size_t others) {
    std::string padding;
    for (std::size_t i = 0; i < others; ++i)
        padding += fmt::format("\t\tip saddr 203.0.{}.{} counter drop\n", i / 250, i % 250);
    return fmt::format(R"(table netdev t {{
	chain shared {{
		limit rate 3/day burst 7 packets counter return
		limit rate over 2/week burst 4 packets counter drop
		counter
	}}
	chain c {{
		type filter hook {1} device "eth0" priority 0
{0}		tcp dport 22 limit rate 1/day burst 5 packets counter
		tcp dport 22 limit rate over 1/day burst 6 packets counter
		tcp dport 22 counter limit rate 1/day burst 3 packets
		limit rate 1/day burst 9 packets tcp dport 80 counter
		limit rate over 1/day burst 9 packets tcp dport 80 counter
		tcp dport 22-25 limit rate 1 kbytes/week burst 512 bytes counter
		udp dport 53 limit rate over 2 kbytes/week counter
		ip ttl 9 limit rate 300 bytes/week burst 1 kbytes tcp dport 22 counter
		tcp dport {{ 22, 80 }} jump shared
		udp dport 53 limit rate 1/week burst 8 packets counter jump shared
		udp dport 53 limit rate 1/week burst 11 packets counter accept
		ip ttl 9 limit rate 4/day burst 6 packets counter drop
{0}		counter
	}}
}}
)",
                       padding, ruleset::hook_name(hook));
}

class NftLimits : public NftDifferential, public testing::WithParamInterface<Hook> {};

TEST_P(NftLimits, HoldForTheSamePackets) {
    std::mt19937 random(1);
    for (const std::size_t others : {0, 250}) {
        const JudgedTable table = judged_table(limited_table(GetParam(), others));
        std::vector<Bytes> frames;
        for (int i = 0; i < 150; ++i) {
            const Ipv4 ip{.ttl = static_cast<std::uint8_t>(random() % 2 == 0 ? 9 : 64)};
            const Bytes payload(20 + random() % 400);
            const auto port = static_cast<std::uint16_t>(std::array{22, 80, 25}[random() % 3]);
            frames.push_back(random() % 3 == 0 ? frame({Ether{}, ip, Udp{.dport = 53}, payload})
                                               : frame({Ether{}, ip, Tcp{.dport = port}, payload}));
        }
        std::vector<Judge> judges = at_layers(GetParam());
        judges.push_back(on_device("tc"));
        if (GetParam() == Hook::Ingress)
            judges.push_back(on_device("native"));
        const auto theirs = compare(table, frames, judges, fmt::format("{} rules", others));
        ASSERT_FALSE(HasFailure());
        const auto hit = std::ranges::count_if(theirs->counts, &Count::packets);
        EXPECT_EQ(static_cast<std::size_t>(hit) + 2 * others, theirs->counts.size()) << "a limit held for none";
    }
}

INSTANTIATE_TEST_SUITE_P(Hooks, NftLimits, testing::Values(Hook::Ingress, Hook::Egress));

}  // namespace
}  // namespace xdpctl::test
