// SPDX-License-Identifier: BSD-2-Clause
// Random tables in nft and in xdpctl judge random frames alike, but for the differences that the manual names.
//
// XDPCTL_TEST_PAIRS says how many pairs of a random table and a frame, XDPCTL_TEST_SEED with which table to begin.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "e2e/nft_differences.h"
#include "e2e/nft_differential.h"
#include "support/random_grammar.h"

namespace xdpctl::test {
namespace {

using ruleset::Hook;
using testing::HasSubstr;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST_F(NftDifferential, IsWhereTheManualSays) {
    std::ifstream manual(XDPCTL_RULESET_MANUAL);
    const std::string text{std::istreambuf_iterator<char>(manual), {}};
    for (const NftDifference& difference : nft_differences()) {
        EXPECT_THAT(text, HasSubstr(difference.manual));
        const JudgedTable table = judged_table(fmt::format(
            R"(table netdev t {{
	chain c {{
		type filter hook ingress device "eth0" priority 0
		{} drop
	}}
}}
)",
            difference.rule));
        const std::span<const Bytes> frames(&difference.frame, 1);
        const auto packets = [&](const Judge& judge) { return judge(table, frames).value().counts.at(0).packets; };
        EXPECT_EQ(packets(by_nft()), difference.is_counted_by_nft ? 1U : 0U) << difference.rule;
        for (const Judge& judge : at_layers(Hook::Ingress))
            EXPECT_EQ(packets(judge), difference.is_counted_by_nft ? 0U : 1U) << difference.rule;
        EXPECT_EQ(may_differ(difference.frame, Hook::Ingress), difference.concerns != nullptr) << difference.rule;
    }
}

class NftDifferentialByHook : public NftDifferential, public testing::WithParamInterface<Hook> {};

TEST_P(NftDifferentialByHook, IsNoneInRandomTables) {
    const std::uint64_t wanted = number_from("XDPCTL_TEST_PAIRS", 6000);
    // Loading a table takes as long as a thousand frames.
    const std::size_t frames_of_table = wanted > 100'000 ? 5000 : 400;
    const std::uint64_t first = number_from("XDPCTL_TEST_SEED", 1);
    std::size_t rules = 0, hit = 0;
    std::uint64_t pairs = 0;
    for (std::uint64_t seed = first; pairs < wanted; ++seed) {
        std::mt19937 random(static_cast<unsigned>(seed));
        const JudgedTable table = judged_table(random_table_text(random, GetParam()));
        const std::vector<Bytes> frames = frames_for(random, table, frames_of_table);
        const auto theirs = compare(table, frames, at_layers(GetParam()), fmt::format("XDPCTL_TEST_SEED={}", seed));
        ASSERT_FALSE(HasFailure());
        pairs += frames.size();
        rules += theirs->counts.size();
        hit += static_cast<std::size_t>(std::ranges::count_if(theirs->counts, &Count::packets));
    }
    EXPECT_GT(hit * 5, rules) << "the frames hardly meet the rules";
    fmt::print("{} pairs of a table and a frame; {} of {} rules matched\n", pairs, hit, rules);
}

// The same on a device: frames that the kernel keeps in pages, tags that it took off, counters that it reads.
TEST_P(NftDifferentialByHook, IsNoneOnDevices) {
    const std::vector<std::string> modes = GetParam() == Hook::Ingress
                                               ? std::vector<std::string>{"native", "generic", "tc"}
                                               : std::vector<std::string>{"tc"};
    std::vector<Judge> judges;
    for (const std::string& mode : modes)
        judges.push_back(on_device(mode));
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        std::mt19937 random(static_cast<unsigned>(seed));
        const JudgedTable table = judged_table(random_table_text(random, GetParam()));
        compare(table, frames_for(random, table, 300), judges, fmt::format("seed {}", seed));
        ASSERT_FALSE(HasFailure());
    }
}

INSTANTIATE_TEST_SUITE_P(Hooks, NftDifferentialByHook, testing::Values(Hook::Ingress, Hook::Egress),
                         [](const auto& test) {
                             return std::string(test.param == Hook::Ingress ? "Ingress" : "Egress");
                         });

}  // namespace
}  // namespace xdpctl::test
