// SPDX-License-Identifier: BSD-2-Clause
// The same rules in nft, on the ingress hook of a veth, and in xdpctl; the same frames into both: every rule counts the
// same packets and bytes.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "e2e/nft_differences.h"
#include "e2e/station.h"
#include "lang/print.h"
#include "support/field_cases.h"
#include "testrun/testrun.h"

namespace xdpctl::test {
namespace {

using kernel::Layer;
using ruleset::Field;
using ruleset::Match;

ruleset::Chain counting_chain(const FieldCase& tested) {
    ruleset::Chain chain;
    chain.name = "c";
    chain.devices = {"eth0"};
    for (const Match& match : tested.matches()) {
        ruleset::Rule& rule = chain.rules.emplace_back();
        if (ruleset::info(tested.field).protocol == "vlan" && ruleset::of_second_tag(tested.field) == tested.field) {
            Match tag;
            tag.field = Field::VlanType;
            tag.values = {{0x8100, 0x8100}};
            rule.statements.emplace_back(tag);
        }
        rule.statements.emplace_back(match);
        rule.statements.emplace_back(ruleset::Counter{});
    }
    for (std::uint64_t handle = 1; ruleset::Rule & rule : chain.rules)
        rule.handle = Handle{handle++};
    return chain;
}

class NftCounters : public testing::Test {
protected:
    void SetUp() override {
        if (!has_nft())
            GTEST_SKIP() << "nft is not installed";
        station_.emplace();
    }

    std::vector<Count> counted_by_nft(const ruleset::Chain& chain, std::span<const Bytes> frames) {
        const CommandResult loaded = station_->load_nft("table netdev t {\n" + lang::print_chain(chain) + "}\n");
        if (loaded.status != 0) {
            ADD_FAILURE() << loaded.err << lang::print_chain(chain);
            return {};
        }
        station_->send(frames);
        return station_->nft_counts("t");
    }

    static std::vector<Count> counted_by_xdpctl(const ruleset::Chain& chain, Layer layer,
                                                std::span<const Bytes> frames) {
        auto runner = testrun::Runner::create(chain, layer);
        if (!runner) {
            ADD_FAILURE() << runner.error().text();
            return {};
        }
        for (const Bytes& frame : frames)
            EXPECT_TRUE(runner->run(frame));
        std::vector<Count> out;
        const auto counts = runner->rule_counts();
        EXPECT_TRUE(counts);
        for (const auto& [handle, count] : *counts)
            out.push_back(count);
        return out;
    }

    std::optional<Station> station_;
};

TEST_F(NftCounters, AreThoseOfXdpctlForEveryField) {
    std::size_t pairs = 0;
    for (const FieldCase& tested : field_cases()) {
        const ruleset::Chain chain = counting_chain(tested);
        const std::vector<Bytes> frames = tested.well_formed_frames();
        const std::vector<Count> theirs = counted_by_nft(chain, frames);
        const std::vector<Count> at_xdp = counted_by_xdpctl(chain, Layer::Xdp, frames);
        const std::vector<Count> at_tc = counted_by_xdpctl(chain, Layer::TcIngress, frames);
        ASSERT_EQ(theirs.size(), chain.rules.size());
        ASSERT_EQ(at_xdp.size(), chain.rules.size());
        EXPECT_EQ(at_tc, at_xdp);
        pairs += chain.rules.size() * frames.size();
        bool differs = false;
        for (std::size_t rule = 0; rule < chain.rules.size(); ++rule) {
            if (may_differ(chain.rules[rule]))
                differs |= at_xdp[rule] != theirs[rule];
            else
                EXPECT_EQ(at_xdp[rule], theirs[rule]) << lang::print_rule(chain.rules[rule]);
        }
        const bool is_known = std::ranges::any_of(chain.rules, [](const auto& rule) { return may_differ(rule); });
        EXPECT_EQ(differs, is_known) << lang::print_chain(chain) << "what is known to differ no longer does";
    }
    RecordProperty("pairs", static_cast<int>(pairs));
}

}  // namespace
}  // namespace xdpctl::test
