// SPDX-License-Identifier: BSD-2-Clause
// Numbers by powers of two as text and JSON, and who sends most.
#include "stats/histogram.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "stats/talkers.h"

namespace xdpctl::stats {
namespace {

TEST(HistogramText, DrawsWhatLiesBetweenTheFirstAndTheLastNumber) {
    Histogram histogram{std::vector<std::uint64_t>(17), 0};
    histogram.buckets[6] = 10;
    histogram.buckets[8] = 20;
    EXPECT_EQ(histogram.count(), 30U);
    EXPECT_EQ(draw(histogram),
              "[64, 128)                 10 |@@@@@@@@@@@@@@@@@@@@                    |\n"
              "[128, 256)                 0 |                                        |\n"
              "[256, 512)                20 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n");
    EXPECT_EQ(draw({{0, 0, 0}, 0}), "");
    EXPECT_EQ(draw({{3, 0}, 0}), "[0, 2)                     3 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n");
}

TEST(HistogramText, ShortensLargeNumbers) {
    Histogram histogram{std::vector<std::uint64_t>(17), 0};
    histogram.buckets[10] = 1;
    histogram.buckets[16] = 1;
    const std::string text = draw(histogram);
    EXPECT_TRUE(text.starts_with("[1K, 2K) ")) << text;
    EXPECT_NE(text.find("\n[64K, ...) "), std::string::npos) << text;
}

TEST(HistogramJson, LeavesOutEmptyBuckets) {
    EXPECT_EQ(json(Histogram{{1, 0, 2, 5}, 0}),
              nlohmann::json::parse(R"([{"from": 0, "below": 2, "count": 1}, {"from": 4, "below": 8, "count": 2},
                                        {"from": 8, "count": 5}])"));
}

kernel::Talker talker(std::uint32_t address, std::uint16_t port, std::uint64_t accepted, std::uint64_t dropped) {
    return {{.saddr = {address, 0, 0, 0}, .dport = port, .l4_proto = 6, .is_ip6 = 0},
            {.packets = {accepted, dropped}, .bytes = (accepted + dropped) * 100}};
}

TEST(Talkers, HaveRatesOverTheTimeInBetween) {
    const auto stats =
        talker_stats({talker(0xc0000201, 22, 30, 10), talker(0xc0000202, 80, 5, 0)},
                     {talker(0xc0000201, 22, 10, 10), talker(0xc0000202, 80, 5, 0)}, std::chrono::seconds(2));
    ASSERT_EQ(stats.size(), 1U) << "the other one sent nothing";
    EXPECT_EQ(stats[0].source, "192.0.2.1");
    EXPECT_EQ(stats[0].destination, "tcp 22");
    EXPECT_EQ(stats[0].measure.count, (Count{40, 4000}));
    EXPECT_EQ(stats[0].measure.rate->packets, 10);
    EXPECT_EQ(stats[0].measure.rate->bytes, 1000);
    EXPECT_EQ(stats[0].drops_per_second, 0);
}

TEST(Talkers, CountFromZeroWhenTheyWereForgotten) {
    const auto stats =
        talker_stats({talker(0xc0000201, 22, 0, 4)}, {talker(0xc0000201, 22, 90, 10)}, std::chrono::seconds(1));
    ASSERT_EQ(stats.size(), 1U);
    EXPECT_EQ(stats[0].measure.rate->packets, 4);
    EXPECT_EQ(stats[0].drops_per_second, 4);
}

TEST(Talkers, AreWrittenAsAddressesAndPorts) {
    const xdpctl_talker ip6{.saddr = {0x20010db8, 0, 0, 1}, .dport = 0, .l4_proto = 58, .is_ip6 = 1};
    EXPECT_EQ(source_text(ip6), "2001:db8::1");
    EXPECT_EQ(destination_text(ip6), "ipv6-icmp");
}

}  // namespace
}  // namespace xdpctl::stats
