// SPDX-License-Identifier: BSD-2-Clause
// Images of sets against a search of their sorted ranges.
#include "sets/image.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "sets/hash.h"
#include "unit/ranges.h"

namespace xdpctl::test {
namespace {

using sets::Bytes;
using sets::Number128;
using sets::Range128;
using sets::Range32;

constexpr std::uint32_t all_ones32 = ~0U;
constexpr Number128 all_ones128 = ~Number128{0};

xdpctl_set_key key_of(std::uint32_t number) {
    return {.words = {number}};
}

xdpctl_set_key key_of(Number128 number) {
    xdpctl_set_key key{};
    for (int word = 3; word >= 0; --word, number >>= 32U)
        key.words[word] = static_cast<std::uint32_t>(number);
    return key;
}

// Sorted, without overlaps.
template <typename Range>
std::vector<Range> disjoint(std::vector<Range> ranges) {
    std::ranges::sort(ranges, {}, &Range::first);
    std::vector<Range> out;
    for (const Range& range : ranges) {
        if (!out.empty() && range.first <= out.back().last)
            out.back().last = std::max(out.back().last, range.last);
        else
            out.push_back(range);
    }
    return out;
}

template <typename Range>
void expect_exact(const std::vector<Range>& ranges, std::mt19937_64& random, std::size_t checks = 5'000) {
    using Number = decltype(Range::first);
    const auto image = sets::make_image(std::span<const Range>(ranges));
    ASSERT_TRUE(image.has_value());
    std::size_t wrong = 0;
    const auto check = [&](Number number) {
        if (sets::holds(*image, key_of(number)) != contains(ranges, number))
            ++wrong;
    };
    const auto any = [&] { return static_cast<Number>(static_cast<Number128>(random()) << 64U | random()); };
    for (std::size_t i = 0; i < checks; ++i) {
        check(any());
        if (ranges.empty())
            continue;
        const Range& range = ranges[random() % ranges.size()];
        check(range.first);
        check(range.last);
        check(range.first - 1);
        check(range.last + 1);
        if (const Number size = range.last - range.first; size != 0)
            check(range.first + any() % size);
    }
    check(0);
    check(static_cast<Number>(~Number{0}));
    EXPECT_EQ(wrong, 0U);
}

Range32 prefix(std::uint32_t address, std::uint64_t length) {
    const std::uint32_t host = length == 0 ? all_ones32 : length == 32 ? 0 : (1U << (32 - length)) - 1;
    return {address & ~host, address | host};
}

Range128 prefix(Number128 address, std::uint64_t length) {
    const Number128 host = length == 0 ? all_ones128 : (Number128{1} << (128 - length)) - 1;
    return {address & ~host, address | host};
}

TEST(SetImage, holds_nothing_when_empty) {
    const auto image = sets::make_image(std::span<const Range32>());
    ASSERT_TRUE(image.has_value());
    EXPECT_FALSE(sets::holds(*image, key_of(0U)));
    EXPECT_FALSE(sets::holds(*image, key_of(all_ones32)));
}

TEST(SetImage, holds_everything) {
    std::mt19937_64 random(1);
    expect_exact(std::vector{Range32{0, all_ones32}}, random, 1'000);
    expect_exact(std::vector{Range128{0, all_ones128}}, random, 1'000);
}

TEST(SetImage, holds_both_ends_of_the_numbers) {
    std::mt19937_64 random(2);
    expect_exact(std::vector{Range32{0, 0}, Range32{all_ones32, all_ones32}}, random, 1'000);
    expect_exact(std::vector{Range32{0, 5}, Range32{all_ones32 - 300, all_ones32}}, random, 1'000);
    expect_exact(std::vector{Range128{0, 0}, Range128{all_ones128, all_ones128}}, random, 1'000);
    expect_exact(std::vector{Range128{0, 5}, Range128{all_ones128 - 300, all_ones128}}, random, 1'000);
}

TEST(SetImage, joins_neighbours) {
    std::mt19937_64 random(3);
    expect_exact(std::vector{Range32{1, 2}, Range32{3, 3}, Range32{4, 700}}, random, 1'000);
    const Number128 high = Number128{7} << 64U;
    expect_exact(std::vector{Range128{1, high - 1}, Range128{high, high}, Range128{high + 1, 2 * high}}, random, 1'000);
}

TEST(SetImage, agrees_with_a_search_for_random_prefixes) {
    std::mt19937_64 random(4);
    for (const std::size_t size : {1, 3, 17, 100, 2'000, 30'000}) {
        std::vector<Range32> narrow;
        std::vector<Range128> wide;
        std::vector<Range128> clustered;
        for (std::size_t i = 0; i < size; ++i) {
            narrow.push_back(prefix(static_cast<std::uint32_t>(random()), 8 + random() % 25));
            const Number128 address = static_cast<Number128>(random()) << 64U | random();
            wide.push_back(prefix(address, 12 + random() % 117));
            // As allocations are: few values of the first bits, deep below them.
            constexpr Number128 documentation = Number128{0x20010db8} << 96U;
            clustered.push_back(prefix(documentation | address >> 36U, 33 + random() % 96));
        }
        SCOPED_TRACE(size);
        expect_exact(disjoint(narrow), random);
        expect_exact(disjoint(wide), random);
        expect_exact(disjoint(clustered), random);
    }
}

TEST(SetImage, agrees_with_a_search_for_single_numbers) {
    std::mt19937_64 random(5);
    for (const std::size_t size : {1, 5, 1'000, 50'000}) {
        std::vector<Range32> narrow;
        std::vector<Range128> wide;
        for (std::size_t i = 0; i < size; ++i) {
            const auto number = static_cast<std::uint32_t>(random());
            narrow.push_back({number, number});
            const Number128 address = static_cast<Number128>(random()) << 64U | random();
            wide.push_back({address, address});
        }
        SCOPED_TRACE(size);
        expect_exact(disjoint(narrow), random);
        expect_exact(disjoint(wide), random);
    }
}

// Lone addresses beside prefixes go into the hash, the others into the trie.
TEST(SetImage, agrees_with_a_search_for_mixed_lists) {
    std::mt19937_64 random(6);
    std::vector<Range32> ranges;
    for (int i = 0; i < 20'000; ++i) {
        const auto number = static_cast<std::uint32_t>(random());
        ranges.push_back(i % 10 == 0 ? prefix(number, 20 + random() % 10) : Range32{number, number});
    }
    ranges = disjoint(ranges);
    const auto image = sets::make_image(std::span<const Range32>(ranges));
    ASSERT_TRUE(image.has_value());
    EXPECT_NE(sets::head_of(*image).parts.trie, 0U);
    EXPECT_NE(sets::head_of(*image).parts.hash, 0U);
    expect_exact(ranges, random);
}

TEST(SetImage, agrees_with_a_search_for_adversarial_lists) {
    std::mt19937_64 random(7);
    std::vector<Range32> every_second;
    for (std::uint32_t i = 0; i < 65'536; ++i)
        every_second.push_back({0xc0000200 + 2 * i, 0xc0000200 + 2 * i});
    expect_exact(every_second, random);

    std::vector<Range32> around_parts;  // ranges that begin and end just beside the trie's parts
    for (std::uint32_t i = 1; i < 3'000; ++i)
        around_parts.push_back({(i << 16U) - 1, (i << 16U) + 0x100});
    expect_exact(around_parts, random);

    std::vector<Range128> one_upper_half;
    for (std::uint32_t i = 0; i < 40'000; ++i)
        one_upper_half.push_back({(Number128{5} << 64U) + 3 * i, (Number128{5} << 64U) + 3 * i + 1});
    expect_exact(one_upper_half, random);

    std::vector<Range128> across_halves;
    for (std::uint32_t i = 1; i < 5'000; ++i)
        across_halves.push_back({(Number128{3 * i} << 64U) - 1, (Number128{3 * i + 1} << 64U) + 7});
    expect_exact(across_halves, random);
}

TEST(SetImage, finds_whole_keys_of_every_width) {
    std::mt19937_64 random(8);
    for (const std::uint32_t words : {1, 2, 3, 4, 5, 10, 16}) {
        std::set<std::vector<std::uint32_t>> keys;
        while (keys.size() < 5'000) {
            std::vector<std::uint32_t> key(words);
            std::ranges::generate(key, [&] { return static_cast<std::uint32_t>(random() % 100'000); });
            keys.insert(key);
        }
        std::vector<std::uint32_t> flat;
        for (const auto& key : keys)
            flat.insert(flat.end(), key.begin(), key.end());
        const auto image = sets::make_image(std::span<const std::uint32_t>(flat), words);
        ASSERT_TRUE(image.has_value());
        EXPECT_EQ(sets::head_of(*image).words, sets::hash_words(words));
        for (auto key : keys) {
            xdpctl_set_key asked{};
            std::ranges::copy(key, std::begin(asked.words));
            EXPECT_TRUE(sets::holds(*image, asked));
            asked.words[random() % words] ^= 1;
            std::ranges::copy_n(std::begin(asked.words), words, key.begin());
            EXPECT_EQ(sets::holds(*image, asked), keys.contains(key));
        }
    }
}

// What stands in empty slots is no element, whatever the elements are.
TEST(SetImage, does_not_hold_what_fills_empty_slots) {
    for (const std::uint32_t first : {0U, 1U, 5U}) {
        std::vector<Range32> ranges;
        for (std::uint32_t i = first; i < first + 100; ++i)
            ranges.push_back({i, i});
        const auto image = sets::make_image(std::span<const Range32>(ranges));
        ASSERT_TRUE(image.has_value());
        for (std::uint32_t number = 0; number < 300; ++number)
            EXPECT_EQ(sets::holds(*image, key_of(number)), number >= first && number < first + 100);
    }
}

TEST(SetImage, is_the_same_for_the_same_set) {
    std::mt19937_64 random(9);
    std::vector<Range32> ranges;
    for (int i = 0; i < 10'000; ++i) {
        const auto number = static_cast<std::uint32_t>(random());
        ranges.push_back({number, number});
    }
    ranges = disjoint(ranges);
    EXPECT_EQ(*sets::make_image(std::span<const Range32>(ranges)), *sets::make_image(std::span<const Range32>(ranges)));
}

// A million prefixes as in a routing table, or anywhere: a few bytes each.
TEST(SetImage, stays_small) {
    std::mt19937_64 random(10);
    std::vector<Range32> ranges;
    for (int i = 0; i < 300'000; ++i)
        ranges.push_back(prefix(static_cast<std::uint32_t>(random()), 20 + random() % 5));
    const auto routes = sets::make_image(std::span<const Range32>(disjoint(ranges)));
    ASSERT_TRUE(routes.has_value());
    EXPECT_LT(routes->size(), std::size_t{6} << 20U);

    std::vector<Range128> wide;
    for (int i = 0; i < 200'000; ++i)
        wide.push_back(
            prefix(Number128{0x2000 | random() % 0x1000} << 112U | (Number128{random()} << 48U), 32 + random() % 33));
    const auto routes6 = sets::make_image(std::span<const Range128>(disjoint(wide)));
    ASSERT_TRUE(routes6.has_value());
    EXPECT_LT(routes6->size(), std::size_t{8} << 20U);
}

}  // namespace
}  // namespace xdpctl::test
