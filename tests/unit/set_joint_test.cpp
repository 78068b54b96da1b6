// SPDX-License-Identifier: BSD-2-Clause
// Joint images against a search of each set's ranges.
#include "sets/joint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "unit/ranges.h"

namespace xdpctl::test {
namespace {

using sets::Number128;
using sets::Range128;
using sets::Range32;
using Random = std::mt19937_64;

template <typename Range>
using Sets = std::vector<std::vector<Range>>;

template <typename Range, typename Number>
std::uint32_t expected(const Sets<Range>& sets, Number number) {
    std::uint32_t mask = 0;
    for (std::size_t set = 0; set < sets.size(); ++set)
        if (contains(sets[set], number))
            mask |= 1U << set;
    return mask;
}

template <typename Range>
std::vector<Range> disjoint(std::vector<Range> ranges) {
    std::ranges::sort(ranges, {}, &Range::first);
    std::vector<Range> out;
    for (const Range& range : ranges)
        if (out.empty() || range.first > out.back().last)
            out.push_back(range);
    return out;
}

template <typename Number>
Number any(Random& random) {
    return static_cast<Number>(static_cast<Number128>(random()) << 64U | random());
}

// Ends of all ranges, what is beside them, and anything.
template <typename Range>
void expect_exact(const Sets<Range>& sets, Random& random) {
    using Number = std::remove_const_t<decltype(Range::first)>;
    const std::vector<std::span<const Range>> views(sets.begin(), sets.end());
    const auto image = sets::make_joint(std::span<const std::span<const Range>>(views));
    ASSERT_TRUE(image.has_value());
    std::size_t wrong = 0;
    const auto check = [&](Number number) {
        if (sets::joint_mask(*image, number) != expected(sets, number))
            ++wrong;
    };
    check(0);
    check(~Number{0});
    for (const auto& ranges : sets) {
        for (const Range& range : ranges) {
            for (const Number end : {range.first, range.last})
                for (int offset = -1; offset <= 1; ++offset)
                    check(end + static_cast<Number>(offset));
            check(range.first + any<Number>(random) %
                                    (range.last - range.first + 1 == 0 ? ~Number{0} : range.last - range.first + 1));
        }
    }
    for (int i = 0; i < 5'000; ++i)
        check(any<Number>(random));
    EXPECT_EQ(wrong, 0U);
}

// Prefixes of the lengths, around few centres, so that sets overlap.
template <typename Range>
Sets<Range> random_sets(std::size_t count, std::size_t ranges, unsigned shortest, Random& random) {
    using Number = std::remove_const_t<decltype(Range::first)>;
    constexpr unsigned bits = sizeof(Number) * 8;
    std::vector<Number> centres(std::max<std::size_t>(1, ranges / 4));
    for (Number& centre : centres)
        centre = any<Number>(random);
    Sets<Range> out(count);
    for (auto& set : out) {
        for (std::size_t i = 0; i < ranges; ++i) {
            const auto host = static_cast<unsigned>(random() % (bits - shortest + 1));
            const Number hosts = host == 0 ? Number{0} : static_cast<Number>(~Number{0}) >> (bits - host);
            const Number number = centres[random() % centres.size()] ^ (any<Number>(random) & hosts);
            const bool prefix = random() % 4 != 0;
            const auto last = static_cast<Number>(number + random() % 300);
            set.push_back(prefix || last < number
                              ? Range{static_cast<Number>(number & ~hosts), static_cast<Number>(number | hosts)}
                              : Range{number, last});
        }
        set = disjoint(std::move(set));
    }
    return out;
}

TEST(JointImage, KnowsWhichIpv4SetsHoldANumber) {
    Random random(1);
    for (const std::size_t count : {2U, 5U, 16U})
        for (const std::size_t ranges : {1U, 40U, 3'000U})
            expect_exact(random_sets<Range32>(count, ranges, 8, random), random);
}

TEST(JointImage, KnowsWhichIpv6SetsHoldANumber) {
    Random random(2);
    for (const std::size_t count : {2U, 5U, 16U})
        for (const std::size_t ranges : {1U, 40U, 3'000U})
            for (const unsigned shortest : {16U, 48U, 100U})
                expect_exact(random_sets<Range128>(count, ranges, shortest, random), random);
}

TEST(JointImage, HoldsAllNothingAndTheEnds) {
    Random random(3);
    expect_exact<Range32>({{{0, ~0U}}, {}, {{0, 0}, {~0U, ~0U}}}, random);
    const Number128 all = ~Number128{0};
    expect_exact<Range128>({{{0, all}}, {}, {{0, 0}, {all, all}}, {{1, 1}, {all - 1, all - 1}}}, random);
}

TEST(JointImage, RangesThatTouchGoOn) {
    Random random(4);
    expect_exact<Range32>({{{10, 19}, {20, 29}}, {{15, 19}, {20, 20}}}, random);
    const Number128 next = Number128{1} << 64U;
    expect_exact<Range128>({{{next - 1, next - 1}, {next, next}}, {{next, 2 * next - 1}, {2 * next, 3 * next - 1}}},
                           random);
}

}  // namespace
}  // namespace xdpctl::test
