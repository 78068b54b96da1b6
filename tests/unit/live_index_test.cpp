// SPDX-License-Identifier: BSD-2-Clause
#include "sets/live_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace xdpctl::sets {
namespace {

LiveElement prefix(std::mt19937& random, std::uint32_t words) {
    LiveElement element;
    element.bits = std::uniform_int_distribution<std::uint32_t>(0, words * 32)(random);
    for (std::uint32_t bit = 0; bit < element.bits; ++bit)
        // Few different bits, so that prefixes meet.
        if (bit % 8 == 7 && random() % 2 == 0)
            element.key.words[bit / 32] |= 1U << (31 - bit % 32);
    return element;
}

bool overlap(const LiveElement& a, const LiveElement& b) {
    for (std::uint32_t bit = 0; bit < std::min(a.bits, b.bits); ++bit)
        if (((a.key.words[bit / 32] ^ b.key.words[bit / 32]) >> (31 - bit % 32) & 1) != 0)
            return false;
    return true;
}

// Against a look at every element, while they come and go.
TEST(LiveIndex, FindsWhatOverlaps) {
    for (const std::uint32_t words : {1U, 4U}) {
        std::mt19937 random(words);
        std::vector<LiveElement> elements;
        LiveIndex index({});
        std::size_t found_any = 0;
        for (int round = 0; round < 2'000; ++round) {
            LiveElement element = prefix(random, words);
            std::vector<LiveElement> expected;
            std::ranges::copy_if(elements, std::back_inserter(expected),
                                 [&](const LiveElement& other) { return overlap(other, element); });
            const std::vector<LiveElement> found = index.overlapping(element);
            ASSERT_EQ(found.size(), expected.size());
            for (const LiveElement& other : expected) {
                const auto same =
                    std::ranges::find_if(found, [&](const LiveElement& it) { return is_same(it, other); });
                ASSERT_NE(same, found.end());
                EXPECT_EQ(same->value.packets, other.value.packets);
                EXPECT_EQ(covers(other, element), other.bits <= element.bits);
            }
            found_any += found.empty() ? 0 : 1;
            std::erase_if(elements, [&](const LiveElement& other) { return is_same(other, element); });
            if (round % 3 == 0) {
                index.erase(element);
                continue;
            }
            element.value.packets = static_cast<std::uint64_t>(round);
            index.put(element);
            elements.push_back(element);
        }
        EXPECT_GT(found_any, 500U);
    }
}

}  // namespace
}  // namespace xdpctl::sets
