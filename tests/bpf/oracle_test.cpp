// SPDX-License-Identifier: BSD-2-Clause
// What others found out about real captures: what nft counted of some 34,000 frames of tcpdump's and libpcap's own
// tests, and which packets libpcap's tests say that an expression chooses.
#include <fmt/format.h>
#include <gtest/gtest.h>

// Both libpcap and the kernel have a struct bpf_insn.
#define PCAP_DONT_INCLUDE_PCAP_BPF_H
#include <pcap/dlt.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compile/packet_filter.h"
#include "lang/parse.h"
#include "loaded_filter.h"
#include "observe/expression.h"
#include "support/evaluator.h"
#include "support/recorded.h"
#include "support/test_data.h"
#include "testrun/testrun.h"

namespace xdpctl::test {
namespace {

using kernel::Layer;

class Oracle : public testing::Test {
protected:
    void SetUp() override {
        if (data_.empty())
            GTEST_SKIP() << "XDPCTL_TEST_DATA names no folder with oracle/ and pcap/";
    }

    [[nodiscard]] std::vector<Columns> table(const std::string& name) const {
        return read_table(data_ + "/oracle/" + name);
    }
    [[nodiscard]] Recorded clean_frames() const { return read_recorded(data_ + "/oracle/clean-frames.pcap.gz"); }

    const std::string data_ = test_data();
};

// Columns: name, rule, expression, what nft counted, what tcpdump counted.
ruleset::Chain counting_chain(const std::vector<Columns>& lines) {
    ruleset::Chain chain;
    chain.name = "c";
    chain.devices = {"eth0"};
    for (const Columns& line : lines) {
        const auto rule = lang::parse_rule(line.at(1) + " counter", line.at(0));
        if (!rule) {
            ADD_FAILURE() << rule.error().text();
            return chain;
        }
        chain.rules.push_back(*rule);
        chain.rules.back().handle = Handle{chain.rules.size()};
    }
    return chain;
}

// Packets that a rule counts more, or fewer, than nft: xdpctl-ruleset(5), DIFFERENCES TO NFT.
struct Difference {
    std::string_view rule;
    int packets;
};
constexpr Difference differences[] = {
    // nft does not find the next header of an IPv6 packet that the kernel keeps in pages.
    {"meta l4proto tcp", 1},
    {"meta l4proto udp", 4},
    // One packet's own length cuts off its TCP header; nft reads the ports in the padding.
    {"tcp dport 80", -1},
    {"tcp dport 1-1023", -1},
    {"ip protocol tcp tcp dport 80", -1},
};

int difference(const std::string& rule) {
    const auto* known = std::ranges::find(differences, rule, &Difference::rule);
    return known == std::end(differences) ? 0 : known->packets;
}

class OracleCounts : public Oracle, public testing::WithParamInterface<Layer> {};

TEST_P(OracleCounts, AreThoseOfNft) {
    const std::vector<Columns> lines = table("nft-vs-tcpdump.clean.tsv");
    const ruleset::Chain chain = counting_chain(lines);
    ASSERT_EQ(chain.rules.size(), lines.size());
    const Recorded recorded = clean_frames();
    ASSERT_EQ(recorded.frames.size(), 34016U);
    auto runner = testrun::Runner::create(chain, GetParam());
    ASSERT_TRUE(runner) << runner.error().text();
    std::map<Handle, std::int64_t> counts;
    std::size_t too_long = 0;
    for (const RecordedFrame& frame : recorded.frames) {
        if (runner->run(frame.bytes))
            continue;
        ++too_long;
        for (const std::size_t rule : evaluate(chain, parse_frame(frame.bytes, chain.hook), "eth0").counted)
            ++counts[chain.rules[rule].handle];
    }
    // Those beyond a page and without anything behind their Ethernet header: see Runner::run.
    EXPECT_LT(too_long, 250U) << "the evaluator has judged what the programs should";
    const auto counted = runner->rule_counts();
    ASSERT_TRUE(counted) << counted.error().text();
    for (const auto& [handle, count] : *counted)
        counts[handle] += static_cast<std::int64_t>(count.packets);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::string& rule = lines[i][1];
        EXPECT_EQ(counts[chain.rules[i].handle] - difference(rule), std::stoll(lines[i].at(3))) << rule;
    }
}

INSTANTIATE_TEST_SUITE_P(All, OracleCounts, testing::Values(Layer::Xdp, Layer::TcIngress));

// Columns: name, file, expression, netmask, what each packet comes to.
struct ApplyCase {
    explicit ApplyCase(const Columns& line) : expression(line.at(2)), netmask(line.at(3)) {
        const std::string& results = line.at(4);
        for (std::size_t start = 0; start < results.size(); start = results.find(',', start)) {
            start += results[start] == ',' ? 1 : 0;
            chosen.push_back(results[start] != '0');
        }
    }

    // A netmask is what live devices have, and xdpctl's expressions know none; `gateway` asks a name server.
    [[nodiscard]] bool is_for_frames_alone() const {
        return netmask.empty() && expression.find("gateway") == std::string::npos;
    }

    std::string expression;
    std::string netmask;
    std::vector<bool> chosen;
};

// Words that libpcap has since 1.11. A libpcap without them says so, and so does xdpctl.
bool needs_later_libpcap(const std::string& expression) {
    return expression.find("vxlan") != std::string::npos;
}

TEST_F(Oracle, ExpressionsChooseWhatLibpcapsTestsSay) {
    std::size_t decided = 0;
    for (const Columns& line : table("libpcap-filter-apply.tsv")) {
        const ApplyCase apply(line);
        const Recorded recorded = read_recorded(data_ + "/pcap/libpcap/tests/filter/" + line[1]);
        if (recorded.link_type != DLT_EN10MB || !apply.is_for_frames_alone())
            continue;
        const auto expression = observe::Expression::compile(apply.expression);
        if (!expression) {
            EXPECT_TRUE(needs_later_libpcap(apply.expression)) << expression.error().text();
            continue;
        }
        ASSERT_EQ(recorded.frames.size(), apply.chosen.size()) << line[0];
        const auto filter = compile::packet_filter(expression->instructions());
        // A walk over headers is a loop, which is left to the reader.
        ASSERT_NE(filter.has_value(), apply.expression.find("protochain") != std::string::npos) << line[0];
        const auto loaded = filter ? std::optional<LoadedFilter>(*filter) : std::nullopt;
        for (std::size_t i = 0; i < recorded.frames.size(); ++i) {
            const RecordedFrame& frame = recorded.frames[i];
            const bool chosen = apply.chosen[i];
            EXPECT_EQ(expression->matches(frame.bytes, frame.length), chosen) << line[0] << ", packet " << i;
            if (!loaded)
                continue;
            ++decided;
            EXPECT_EQ(loaded->ask(frame.bytes, frame.length), chosen ? FilterAnswer::Yes : FilterAnswer::No)
                << line[0] << ", packet " << i;
        }
    }
    EXPECT_GT(decided, 500U);
}

// Columns: link type, and expressions that mean the same.
TEST_F(Oracle, ExpressionsChooseInTheKernelWhatLibpcapChooses) {
    constexpr std::size_t stride = 199;
    const Recorded recorded = clean_frames();
    std::size_t compiled = 0, decided = 0, left_to_reader = 0;
    for (const Columns& line : table("libpcap-filter-aliases.tsv")) {
        if (line.at(0) != "EN10MB")
            continue;
        for (std::size_t alias = 1; alias < line.size(); ++alias) {
            // Only libpcap's tests know these hosts.
            if (line[alias].find("libpcap.test") != std::string::npos)
                continue;
            // Words of a later libpcap, and networks and protocols that this machine has no names of, do not compile.
            const auto expression = observe::Expression::compile(line[alias]);
            if (!expression)
                continue;
            const auto filter = compile::packet_filter(expression->instructions());
            if (!filter)
                continue;
            const LoadedFilter loaded(*filter);
            ASSERT_TRUE(loaded.valid()) << line[alias];
            // Other frames each time.
            for (std::size_t i = ++compiled % stride; i < recorded.frames.size(); i += stride) {
                const RecordedFrame& frame = recorded.frames[i];
                const auto answer = loaded.ask(frame.bytes, frame.length);
                ++(answer == FilterAnswer::Unknown ? left_to_reader : decided);
                ASSERT_TRUE(agrees(answer, expression->matches(frame.bytes, frame.length)))
                    << line[alias] << ", frame " << i;
            }
        }
    }
    EXPECT_GT(compiled, 300U);
    EXPECT_GT(decided, 10 * left_to_reader) << "too much is left to the reader";
    fmt::print("{} expressions, {} packets decided in the kernel, {} by the reader\n", compiled, decided,
               left_to_reader);
}

}  // namespace
}  // namespace xdpctl::test
