// SPDX-License-Identifier: BSD-2-Clause
// The same table in nft and in xdpctl, and the same frames into both: every rule counts the same packets and bytes, and
// the same frames pass, but for the differences that the manual names.
//
// XDPCTL_TEST_PAIRS says how many pairs of a random table and a frame, XDPCTL_TEST_SEED with which table to begin.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>

#include "e2e/judges.h"
#include "e2e/nft_differences.h"
#include "lang/parse.h"
#include "support/bpffs.h"
#include "support/random_frame.h"
#include "support/random_grammar.h"
#include "support/random_table.h"
#include "support/recorded.h"
#include "support/test_data.h"

namespace xdpctl::test {
namespace {

using kernel::Layer;
using testing::HasSubstr;

using Judge = std::function<std::optional<Judgement>(const JudgedTable&, std::span<const Bytes>)>;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

JudgedTable random_table(std::mt19937& random) {
    auto table = JudgedTable::read(random_table_text(random));
    if (!table)
        throw std::logic_error("the grammar makes what it should not: " + table.error().text());
    return *std::move(table);
}

// Near the values of one of its rules or of all, and judged by nft as the manual says that xdpctl judges.
std::vector<Bytes> frames_for(std::mt19937& random, const JudgedTable& judged, std::size_t count) {
    ruleset::Table table = judged.table();
    // all_values() takes the first chain for the base.
    std::iter_swap(std::ranges::find_if(table.chains, &ruleset::Chain::is_base), table.chains.begin());
    const ruleset::Chain all = all_values(table);
    ruleset::Chain one = all;
    std::vector<Bytes> out;
    while (out.size() < count) {
        const bool is_for_one = !all.rules.empty() && out.size() % 2 == 0;
        if (is_for_one)
            one.rules = {all.rules[random() % all.rules.size()]};
        if (Bytes frame = random_frame(random, is_for_one ? one : all); !may_differ(frame))
            out.push_back(std::move(frame));
    }
    return out;
}

// What two judges say differently, with one frame that shows it.
std::string parting(const JudgedTable& table, std::span<const Bytes> frames, const Judge& theirs, const Judge& ours) {
    const auto part = [&](std::span<const Bytes> some) { return theirs(table, some) != ours(table, some); };
    while (frames.size() > 1) {
        const auto first = frames.first(frames.size() / 2);
        frames = part(first) ? first : frames.subspan(first.size());
    }
    const auto by_them = theirs(table, frames), by_us = ours(table, frames);
    if (!by_them || !by_us || *by_them == *by_us)
        return "no frame alone shows it\n";
    return "frame " + hex(frames.front()) + "\n" + differences(table, *by_them, *by_us);
}

class NftDifferential : public testing::Test {
protected:
    void SetUp() override {
        if (!has_nft())
            GTEST_SKIP() << "nft is not installed";
        theirs_.emplace();
    }

    Judge by_nft() {
        return [this](const JudgedTable& table, std::span<const Bytes> frames) {
            return judge_by_nft(*theirs_, table, frames);
        };
    }
    static Judge in_test_runs(Layer layer) {
        return [layer](const JudgedTable& table, std::span<const Bytes> frames) {
            return judge_in_test_runs(table, layer, frames);
        };
    }
    Judge on_device(const std::string& mode) {
        if (!ours_)
            ours_.emplace();
        return [this, mode](const JudgedTable& table, std::span<const Bytes> frames) {
            return judge_on_device(*ours_, table, mode, frames);
        };
    }

    // Adds a failure when one of them judges otherwise than nft. Returns what nft says.
    std::optional<Judgement> compare(const JudgedTable& table, std::span<const Bytes> frames,
                                     const std::vector<Judge>& judges, std::uint64_t seed) {
        const auto theirs = by_nft()(table, frames);
        for (const Judge& judge : judges) {
            const auto ours = judge(table, frames);
            if (!theirs || !ours || *theirs == *ours)
                continue;
            ADD_FAILURE() << "XDPCTL_TEST_SEED=" << seed << "\n"
                          << differences(table, *theirs, *ours) << parting(table, frames, by_nft(), judge)
                          << table.text();
            break;
        }
        return theirs;
    }

    Bpffs bpffs_;
    std::optional<Station> theirs_, ours_;
};

TEST_F(NftDifferential, IsWhereTheManualSays) {
    std::ifstream manual(XDPCTL_RULESET_MANUAL);
    const std::string text{std::istreambuf_iterator<char>(manual), {}};
    for (const NftDifference& difference : nft_differences()) {
        EXPECT_THAT(text, HasSubstr(difference.manual));
        const auto table = JudgedTable::read(fmt::format(
            R"(table netdev t {{
	chain c {{
		type filter hook ingress device "eth0" priority 0
		{} drop
	}}
}}
)",
            difference.rule));
        ASSERT_TRUE(table) << table.error().text();
        const std::span<const Bytes> frames(&difference.frame, 1);
        const auto packets = [&](const Judge& judge) { return judge(*table, frames).value().counts.at(0).packets; };
        EXPECT_EQ(packets(by_nft()), difference.is_counted_by_nft ? 1U : 0U) << difference.rule;
        for (const Layer layer : {Layer::Xdp, Layer::TcIngress})
            EXPECT_EQ(packets(in_test_runs(layer)), difference.is_counted_by_nft ? 0U : 1U) << difference.rule;
        EXPECT_EQ(may_differ(difference.frame), difference.concerns != nullptr) << difference.rule;
    }
}

TEST_F(NftDifferential, IsNoneInRandomTables) {
    const std::uint64_t wanted = number_from("XDPCTL_TEST_PAIRS", 6000);
    // Loading a table takes as long as many frames.
    const std::size_t frames_of_table = wanted > 100'000 ? 2000 : 400;
    const std::uint64_t first = number_from("XDPCTL_TEST_SEED", 1);
    std::size_t rules = 0, hit = 0;
    std::uint64_t pairs = 0;
    for (std::uint64_t seed = first; pairs < wanted; ++seed) {
        std::mt19937 random(static_cast<unsigned>(seed));
        const JudgedTable table = random_table(random);
        const std::vector<Bytes> frames = frames_for(random, table, frames_of_table);
        const auto theirs = compare(table, frames, {in_test_runs(Layer::Xdp), in_test_runs(Layer::TcIngress)}, seed);
        ASSERT_FALSE(HasFailure());
        pairs += frames.size();
        rules += theirs->counts.size();
        hit += static_cast<std::size_t>(std::ranges::count_if(theirs->counts, &Count::packets));
    }
    EXPECT_GT(hit * 5, rules) << "the frames hardly meet the rules";
    fmt::print("{} pairs of a table and a frame; {} of {} rules matched\n", pairs, hit, rules);
}

// Without their verdicts, so that every one of them is asked about every frame.
std::string without_verdict(std::string rule) {
    for (const std::string_view verdict : {" accept", " drop"})
        if (rule.ends_with(verdict))
            rule.resize(rule.size() - verdict.size());
    return rule.find("counter") == std::string::npos ? rule + " counter" : rule;
}

constexpr std::string_view left_out[] = {
    "ip dscp 1/6",  // nft 1.0.6 dies of it
    // Known differences, in rules alone.
    "tcp sport != 1 tcp dport != 2",
    "ether saddr 00:0f:54:0c:11:04 ip6 daddr 1::2 accept",
    "ether saddr 00:0f:54:0c:11:04 ip daddr 1.2.3.4 accept",
};

// Of the rules in nft's own tests those that it and xdpctl take on this hook.
std::string nfts_own_rules(const std::string& data) {
    std::string rules;
    // Columns: file, line, ok or fail, rule.
    for (const Columns& columns : read_table(data + "/rules/nft-stateless-rules.tsv")) {
        const std::string& rule = columns.at(3);
        const bool refers = rule.find('@') != std::string::npos;
        const bool is_of_other_family = rule.find("nfproto") != std::string::npos;
        const bool has_start = rule.starts_with("counter ");
        const bool is_left_out = has_start || std::ranges::find(left_out, rule) != std::end(left_out);
        if (columns[2] == "ok" && !refers && !is_of_other_family && !is_left_out && lang::parse_rule(rule, "corpus"))
            rules += "\t\t" + without_verdict(rule) + "\n";
    }
    return "table netdev t {\n\tchain c {\n\t\ttype filter hook ingress device \"eth0\" priority 0\n" + rules +
           "\t}\n}\n";
}

// And frames that were recorded.
TEST_F(NftDifferential, IsNoneInNftsOwnRules) {
    const std::string data = test_data();
    if (data.empty())
        GTEST_SKIP() << "XDPCTL_TEST_DATA names no folder with rules/ and oracle/";
    const auto table = JudgedTable::read(nfts_own_rules(data));
    ASSERT_TRUE(table) << table.error().text();
    ASSERT_GT(table->counting().size(), 240U);
    std::mt19937 random(1);
    std::vector<Bytes> frames = frames_for(random, *table, 6000);
    for (const RecordedFrame& frame : read_recorded(data + "/oracle/clean-frames.pcap.gz").frames)
        if (frame.bytes.size() > 14 && frame.bytes.size() <= 1514 && !may_differ(frame.bytes))
            frames.push_back(frame.bytes);
    ASSERT_GT(frames.size(), 30000U);
    const auto theirs = compare(*table, frames, {in_test_runs(Layer::Xdp), in_test_runs(Layer::TcIngress)}, 1);
    ASSERT_FALSE(HasFailure());
    const auto hit = std::ranges::count_if(theirs->counts, &Count::packets);
    EXPECT_GT(static_cast<std::size_t>(hit) * 10, theirs->counts.size() * 9) << "the frames hardly meet the rules";
    fmt::print("{} frames; {} of {} rules matched\n", frames.size(), hit, theirs->counts.size());
}

// The same on a device: frames that the kernel keeps in pages, tags that it took off, counters that it reads.
TEST_F(NftDifferential, IsNoneOnDevices) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        std::mt19937 random(static_cast<unsigned>(seed));
        const JudgedTable table = random_table(random);
        compare(table, frames_for(random, table, 300), {on_device("native"), on_device("tc")}, seed);
        ASSERT_FALSE(HasFailure());
    }
}

}  // namespace
}  // namespace xdpctl::test
