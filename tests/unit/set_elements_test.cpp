// SPDX-License-Identifier: BSD-2-Clause
// Elements to images and live elements, and back.
#include "sets/elements.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "lang/parse.h"
#include "lang/print.h"
#include "sets/image.h"
#include "sets/live.h"

namespace xdpctl::test {
namespace {

using std::chrono::seconds;

ruleset::Set set_of(const std::string& block) {
    const auto ruleset =
        lang::parse_ruleset(fmt::format("table netdev t {{\n set s {{\n {}\n }}\n}}\n", block), "test");
    EXPECT_TRUE(ruleset.has_value()) << ruleset.error().text();
    return ruleset->tables.front().sets.front();
}

const std::string blocks[] = {
    "type ipv4_addr\n elements = { 192.0.2.1, 198.51.100.7 comment \"scanner\", 203.0.113.9 }",
    "type ipv4_addr\n flags interval\n elements = { 192.0.2.0/24, 192.0.3.0/24, 198.51.100.1-198.51.100.9 }",
    "type ipv6_addr\n flags interval\n elements = { ::1, 2001:db8::/32 comment \"documentation\" }",
    "type inet_service\n flags interval\n elements = { 22, 80-90, 65535 }",
    "type ether_addr\n elements = { 02:00:00:00:00:01, 02:00:00:00:00:02 }",
    "type ipv4_addr",
};

TEST(SetElements, ComeBackFromTheImage) {
    for (const std::string& block : blocks) {
        const ruleset::Set set = set_of(block);
        const auto image = sets::image_of(set);
        ASSERT_TRUE(image.has_value()) << image.error().text();
        const auto elements = sets::elements_of(*image, set);
        ASSERT_TRUE(elements.has_value()) << elements.error().text();
        EXPECT_EQ(*elements, *set.elements) << block;
    }
}

// An image that somebody wrote into must not lead out of itself.
TEST(SetElements, AreNotReadBehindTheImagesEnd) {
    const ruleset::Set set = set_of(blocks[0]);
    const auto image = sets::image_of(set);
    ASSERT_TRUE(image.has_value());
    for (const std::size_t member : {offsetof(xdpctl_set_head, elements), offsetof(xdpctl_set_head, element_count),
                                     offsetof(xdpctl_set_head, notes), offsetof(xdpctl_set_head, notes_size)}) {
        sets::Bytes broken = *image;
        for (std::size_t i = 0; i < 4; ++i)
            broken[member + i] = std::byte{0xff};
        EXPECT_FALSE(sets::elements_of(broken, set).has_value()) << member;
    }
    EXPECT_FALSE(sets::elements_of(std::span(*image).first(100), set).has_value());
}

TEST(SetElements, ThatExpireAreLive) {
    const ruleset::Set set = set_of(
        "type ipv4_addr\n flags timeout\n elements = { 192.0.2.1, 192.0.2.2 timeout 10s, 192.0.2.3 timeout 1h }");
    const sets::Instant start = seconds(1'000);
    const auto division = sets::divide(set, start);
    ASSERT_TRUE(division.has_value()) << division.error().text();
    EXPECT_EQ(division->plain.elements->size(), 1U);
    ASSERT_EQ(division->live.size(), 2U);
    EXPECT_EQ(division->live[0].value.expires, 1'010'000'000'000U);

    const auto later = sets::with_live(set, *division->plain.elements, division->live, start + seconds(4));
    ASSERT_TRUE(later.has_value());
    ASSERT_EQ(later->size(), 3U);
    EXPECT_EQ(later->note(1)->timeout, seconds(10));
    EXPECT_EQ(later->note(1)->expires, seconds(6));
    const auto expired = sets::with_live(set, *division->plain.elements, division->live, start + seconds(10));
    ASSERT_TRUE(expired.has_value());
    EXPECT_EQ(expired->size(), 2U);
}

TEST(SetElements, ThatWereDeletedAreGone) {
    const ruleset::Set set = set_of(blocks[1]);
    auto deleted = sets::live_element(set, std::vector{set.elements->interval(0)}, {}, {});
    auto added = sets::live_element(set, std::vector{ruleset::Interval{1, 1}}, {}, {});
    ASSERT_TRUE(deleted && added);
    EXPECT_EQ(deleted->bits, 24U);
    deleted->value.state = XDPCTL_SET_DELETED;
    const auto elements = sets::with_live(set, *set.elements, std::vector{*deleted, *added}, {});
    ASSERT_TRUE(elements.has_value());
    ASSERT_EQ(elements->size(), 3U);
    EXPECT_EQ(elements->interval(0), (ruleset::Interval{1, 1}));
    EXPECT_EQ(elements->interval(1), set.elements->interval(1));
}

// A range that is no prefix cannot be one live element.
TEST(SetElements, ThatAreOtherRangesAreNotLive) {
    const ruleset::Set set = set_of(blocks[1]);
    EXPECT_FALSE(sets::live_element(set, std::vector{ruleset::Interval{1, 2}}, {}, {}).has_value());
    EXPECT_FALSE(sets::live_element(set, std::vector{ruleset::Interval{1, 4}}, {}, {}).has_value());
    EXPECT_TRUE(sets::live_element(set, std::vector{ruleset::Interval{4, 7}}, {}, {}).has_value());
    const auto timed = sets::divide(
        set_of("type ipv4_addr\n flags interval, timeout\n elements = { 192.0.2.1-192.0.2.9 timeout 1h }"), {});
    ASSERT_FALSE(timed.has_value());
    EXPECT_EQ(timed.error().kind, ErrorKind::Unsupported);
}

// The filter has every key of an element, so that no packet misses a change.
TEST(SetElements, AreMarkedInTheFilter) {
    for (const bool ranged : {false, true}) {
        for (const std::uint32_t bits : {1U, 8U, 15U, 16U, 17U, 24U, 32U}) {
            xdpctl_set_head head{};
            head.words = 1;
            const std::uint32_t first = 0xc0a80000U & (~0U << (32 - bits));
            const sets::LiveElement element{.key = {.words = {first}}, .bits = ranged ? bits : 32, .value = {}};
            sets::mark(head, element, ranged);
            EXPECT_TRUE(sets::is_marked(head, element, ranged));
            const std::uint32_t last = ranged && bits < 32 ? first | (~0U >> bits) : first;
            for (const std::uint32_t number : {first, first + (last - first) / 2, last})
                EXPECT_TRUE(xdpctl_set_filter_holds(&head, xdpctl_set_filter_bit(&number, 1, ranged)))
                    << bits << ' ' << number;
        }
    }
}

}  // namespace
}  // namespace xdpctl::test
