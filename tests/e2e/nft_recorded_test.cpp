// SPDX-License-Identifier: BSD-2-Clause
// Frames that were recorded, and the rules of nft's own tests and examples: nft and xdpctl judge them alike, but for
// the differences that the manual names.
#include <fmt/format.h>

#include <pcap/dlt.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>

#include "e2e/nft_differences.h"
#include "e2e/nft_differential.h"
#include "import/nft.h"
#include "import/nft_blocks.h"
#include "lang/parse.h"
#include "ruleset/check.h"
#include "support/random_grammar.h"
#include "support/recorded.h"
#include "support/test_data.h"

namespace xdpctl::test {
namespace {

using ruleset::Hook;

// None of a file that is broken on purpose.
std::vector<RecordedFrame> ethernet_frames(const std::string& path) {
    try {
        Recorded recorded = read_recorded(path);
        return recorded.link_type == DLT_EN10MB ? std::move(recorded.frames) : std::vector<RecordedFrame>{};
    } catch (const std::runtime_error&) {
        return {};
    }
}

// The frames of an Ethernet in the captures below the folder, each once, as far as a veth carries them.
std::set<Bytes> recorded_frames(const std::string& folder) {
    std::set<Bytes> out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (!entry.is_regular_file())
            continue;
        for (const RecordedFrame& frame : ethernet_frames(entry.path()))
            if (frame.bytes.size() > 14 && frame.bytes.size() <= 1514)
                out.insert(frame.bytes);
    }
    return out;
}

// Those that nft judges as the manual says that xdpctl does.
std::vector<Bytes> comparable(const std::set<Bytes>& frames, Hook hook) {
    std::vector<Bytes> out;
    std::ranges::copy_if(frames, std::back_inserter(out), [&](const Bytes& frame) { return !may_differ(frame, hook); });
    return out;
}

RecordedValues values_of(std::span<const Bytes> frames) {
    RecordedValues out;
    for (const Bytes& frame : frames)
        for (const auto& [field, value] : parse_frame(frame, Hook::Ingress).values)
            out[field].push_back(value);
    return out;
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
std::string nfts_own_rules(const std::string& data, Hook hook) {
    std::string rules;
    // Columns: file, line, ok or fail, rule.
    for (const Columns& columns : read_table(data + "/rules/nft-stateless-rules.tsv")) {
        const std::string& rule = columns.at(3);
        const bool refers = rule.find('@') != std::string::npos;
        const bool is_of_other_family = rule.find("nfproto") != std::string::npos;
        const bool is_of_other_hook = rule.find(hook == Hook::Ingress ? "oif" : "iif") != std::string::npos;
        const bool has_start = rule.starts_with("counter ");
        const bool is_filled = rule.starts_with("limit ");  // again, while frames come
        const bool is_left_out = has_start || is_filled || std::ranges::find(left_out, rule) != std::end(left_out);
        if (columns[2] == "ok" && !refers && !is_of_other_family && !is_of_other_hook && !is_left_out &&
            lang::parse_rule(rule, "corpus"))
            rules += "\t\t" + without_verdict(rule) + "\n";
    }
    return fmt::format(
        "table netdev t {{\n\tchain c {{\n\t\ttype filter hook {} device \"eth0\" priority 0\n{}\t}}\n}}\n",
        ruleset::hook_name(hook), rules);
}

class NftRecorded : public NftDifferential {
protected:
    void SetUp() override {
        if (data_.empty())
            GTEST_SKIP() << "XDPCTL_TEST_DATA names no folder with rules/, oracle/ and pcap/";
        NftDifferential::SetUp();
    }

    const std::string data_ = test_data();
};

class NftRecordedByHook : public NftRecorded, public testing::WithParamInterface<Hook> {};

TEST_P(NftRecordedByHook, IsNoneInNftsOwnRules) {
    const JudgedTable table = judged_table(nfts_own_rules(data_, GetParam()));
    ASSERT_GT(table.counting().size(), 240U);
    std::mt19937 random(1);
    std::vector<Bytes> frames = frames_for(random, table, 6000);
    std::set<Bytes> recorded = recorded_frames(data_ + "/pcap");
    for (const RecordedFrame& frame : read_recorded(data_ + "/oracle/clean-frames.pcap.gz").frames)
        if (frame.bytes.size() > 14 && frame.bytes.size() <= 1514)
            recorded.insert(frame.bytes);
    const std::vector<Bytes> judged = comparable(recorded, GetParam());
    ASSERT_GT(judged.size(), 20000U);
    std::ranges::copy(judged, std::back_inserter(frames));
    const auto theirs = compare(table, frames, at_layers(GetParam()), "nft's own rules");
    ASSERT_FALSE(HasFailure());
    const auto hit = std::ranges::count_if(theirs->counts, &Count::packets);
    EXPECT_GT(static_cast<std::size_t>(hit) * 10, theirs->counts.size() * 9) << "the frames hardly meet the rules";
    fmt::print("{} of {} recorded frames and {} others; {} of {} rules matched\n", judged.size(), recorded.size(),
               frames.size() - judged.size(), hit, theirs->counts.size());
}

// Random tables whose values are those of the frames.
TEST_P(NftRecordedByHook, IsNoneInTablesOfTheirValues) {
    const std::vector<Bytes> frames = comparable(recorded_frames(data_ + "/pcap"), GetParam());
    const RecordedValues values = values_of(frames);
    constexpr std::size_t frames_of_table = 2000;
    std::size_t rules = 0, hit = 0;
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        std::mt19937 random(static_cast<unsigned>(seed));
        const JudgedTable table = judged_table(random_table_text(random, GetParam(), values));
        std::vector<Bytes> some;
        std::ranges::sample(frames, std::back_inserter(some), frames_of_table, random);
        const auto theirs = compare(table, some, at_layers(GetParam()), fmt::format("seed {}", seed));
        ASSERT_FALSE(HasFailure());
        rules += theirs->counts.size();
        hit += static_cast<std::size_t>(std::ranges::count_if(theirs->counts, &Count::packets));
    }
    EXPECT_GT(hit * 5, rules) << "the frames hardly meet the rules";
    fmt::print("{} of {} rules matched\n", hit, rules);
}

INSTANTIATE_TEST_SUITE_P(Hooks, NftRecordedByHook, testing::Values(Hook::Ingress, Hook::Egress), [](const auto& test) {
    return std::string(test.param == Hook::Ingress ? "Ingress" : "Egress");
});

std::string content_of(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// TABLE:CHAIN of every chain with a hook, as the importer wants it.
std::vector<std::string> base_chains(const std::string& text) {
    std::vector<std::string> out;
    const auto tables = importing::read_blocks(text).value();
    for (const importing::NftItem& table : tables)
        for (const importing::NftItem& chain : table.body)
            if (chain.text.starts_with("chain ") &&
                std::ranges::any_of(chain.body, [](const auto& item) { return item.text.starts_with("type "); }))
                out.push_back(table.text.substr(table.text.rfind(' ') + 1) + ":" + chain.text.substr(6));
    return out;
}

// The chains in nft's own files, of whatever family, as what they are imported to.
TEST_F(NftRecorded, IsNoneInNftsOwnFiles) {
    const std::set<Bytes> recorded = recorded_frames(data_ + "/pcap");
    const std::vector<Bytes> frames = comparable(recorded, Hook::Ingress);
    std::size_t files = 0, chains = 0, rules = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(data_ + "/rules/nft/files")) {
        if (entry.path().extension() != ".nft")
            continue;
        ++files;
        const std::string text = content_of(entry.path());
        for (const std::string& chain : base_chains(text)) {
            ++chains;
            const auto converted = importing::convert_nft(
                text, {.chain = chain, .place = {.table = "t", .chain = "c", .devices = {"eth0"}}});
            if (!converted)  // of a family that has no equal
                continue;
            const JudgedTable table = judged_table(converted->ruleset);
            if (table.counting().empty())
                continue;
            compare(table, frames, {on_device("native"), on_device("tc")},
                    entry.path().filename().string() + " " + chain);
            ASSERT_FALSE(HasFailure());
            rules += table.counting().size();
        }
    }
    EXPECT_GT(rules, 0U);
    fmt::print("{} of {} frames, {} files with {} chains, of which {} rules are imported\n", frames.size(),
               recorded.size(), files, chains, rules);
}

}  // namespace
}  // namespace xdpctl::test
