// SPDX-License-Identifier: BSD-2-Clause
// Snapshots, rates, and how they are shown.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "lang/outline.h"
#include "stats/names.h"
#include "stats/render.h"
#include "stats/snapshot.h"
#include "stats/table.h"

namespace xdpctl::stats {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

// Two devices on ingress with two rules, one of which counts; one device on egress.
constexpr std::string_view sample_text = R"(table netdev xdpctl { # handle 1
	chain ingress { # handle 2
		type filter hook ingress devices = { eth0, eth1 } priority filter; policy accept;
		counter packets 0 bytes 0 drop # handle 7
		accept # handle 8
	}

	chain egress { # handle 3
		type filter hook egress device "eth0" priority filter; policy accept;
		counter packets 0 bytes 0 drop # handle 9
	}
}
)";

lang::Outline sample_outline() {
    return lang::read_outline(sample_text, "sample").value();
}

using RuleCounts = std::map<Handle, std::vector<std::optional<Count>>>;

std::vector<kernel::DeviceCount> sample_counts() {
    const auto in = ruleset::Hook::Ingress;
    return {{"xdpctl", "ingress", in, "eth0", XDPCTL_DROP, XDPCTL_REASON_RULE, {5, 500}},
            {"xdpctl", "ingress", in, "eth0", XDPCTL_ACCEPT, XDPCTL_REASON_POLICY, {10, 1000}},
            {"xdpctl", "ingress", in, "eth1", XDPCTL_DROP, XDPCTL_MALFORMED_TCP, {1, 46}},
            {"xdpctl", "egress", ruleset::Hook::Egress, "eth0", XDPCTL_ACCEPT, XDPCTL_REASON_POLICY, {3, 300}}};
}

Snapshot sample() {
    return arrange(sample_outline(), sample_counts(),
                   RuleCounts{{Handle{2}, {Count{5, 500}, std::nullopt}}, {Handle{3}, {Count{}}}});
}

TEST(Names, AreDistinctForEveryReason) {
    std::set<std::string_view> names;
    for (int reason = XDPCTL_REASON_RULE; reason <= XDPCTL_MALFORMED_NONLINEAR; ++reason)
        names.insert(name(static_cast<xdpctl_reason>(reason)));
    EXPECT_EQ(names.size(), XDPCTL_MALFORMED_NONLINEAR + 1U);
    EXPECT_FALSE(names.contains("unknown"));
}

TEST(Names, OfReasonsThatDoNotExistAreUnknown) {
    EXPECT_EQ(name(static_cast<xdpctl_reason>(XDPCTL_MALFORMED_NONLINEAR + 1)), "unknown");
    EXPECT_EQ(name(static_cast<xdpctl_verdict>(XDPCTL_VERDICTS)), "unknown");
}

TEST(TableText, AlignsAndTrims) {
    Table table({{"NAME"}, {"SIZE", Table::Align::Right}, {"NOTE"}});
    table.add({"a", "5", ""});
    table.add({"longer", "12345", "x"});
    EXPECT_EQ(table.text(),
              "NAME     SIZE  NOTE\n"
              "a           5\n"
              "longer  12345  x\n");
}

TEST(Arrange, PutsCountsToDevicesInOrder) {
    const Snapshot snapshot = sample();
    ASSERT_EQ(snapshot.devices.size(), 3U);
    const DeviceStats& eth0 = snapshot.devices[0];
    EXPECT_EQ(eth0.device, "eth0");
    EXPECT_EQ(eth0.hook, ruleset::Hook::Ingress);
    ASSERT_EQ(eth0.verdicts.size(), 2U);
    EXPECT_EQ(eth0.verdicts[0].verdict, XDPCTL_ACCEPT);
    EXPECT_EQ(eth0.verdicts[0].measure.count, (Count{10, 1000}));
    EXPECT_EQ(eth0.verdicts[1].verdict, XDPCTL_DROP);
    EXPECT_EQ(snapshot.devices[2].hook, ruleset::Hook::Egress);
}

TEST(Arrange, ListsOnlyRulesThatCount) {
    const Snapshot snapshot = sample();
    ASSERT_EQ(snapshot.rules.size(), 2U);
    EXPECT_EQ(snapshot.rules[0].handle, Handle{7});
    EXPECT_EQ(snapshot.rules[0].measure.count, (Count{5, 500}));
    EXPECT_THAT(snapshot.rules[0].text, testing::StartsWith("counter"));
    EXPECT_THAT(snapshot.rules[0].text, Not(HasSubstr("packets")));
    EXPECT_EQ(snapshot.rules[1].handle, Handle{9});
}

TEST(Arrange, KeepsToOneDevice) {
    const Snapshot snapshot =
        arrange(sample_outline(), sample_counts(),
                RuleCounts{{Handle{2}, {Count{5, 500}, std::nullopt}}, {Handle{3}, {Count{}}}}, "eth1");
    ASSERT_EQ(snapshot.devices.size(), 1U);
    EXPECT_EQ(snapshot.devices[0].device, "eth1");
    ASSERT_EQ(snapshot.rules.size(), 1U) << "the egress chain does not have eth1";
    EXPECT_EQ(snapshot.rules[0].handle, Handle{7});
}

TEST(Arrange, ShowsDevicesThatCountedNothing) {
    const Snapshot snapshot = arrange(sample_outline(), {}, {});
    ASSERT_EQ(snapshot.devices.size(), 3U);
    EXPECT_TRUE(snapshot.devices[1].verdicts.empty());
    EXPECT_THAT(text(snapshot), HasSubstr("eth1"));
}

TEST(Total, SumsOverDevices) {
    EXPECT_EQ(sample().total(XDPCTL_ACCEPT).count, (Count{13, 1300}));
    EXPECT_EQ(sample().total(XDPCTL_DROP).count, (Count{6, 546}));
    EXPECT_FALSE(sample().total(XDPCTL_DROP).rate);
}

class Rates : public testing::Test {
protected:
    Rates() {
        before.taken = {};
        now.taken = before.taken + milliseconds(500);
    }
    Snapshot before = sample();
    Snapshot now = sample();
};

TEST_F(Rates, AreDifferencesOverTime) {
    now.devices[0].verdicts[1].measure.count += {100, 6000};
    now.rules[0].measure.count += {100, 6000};
    add_rates(now, before);
    ASSERT_TRUE(now.interval);
    EXPECT_DOUBLE_EQ(now.interval->count(), 0.5);
    EXPECT_DOUBLE_EQ(now.devices[0].verdicts[1].measure.rate.value().packets, 200);
    EXPECT_DOUBLE_EQ(now.devices[0].verdicts[1].measure.rate.value().bytes, 12000);
    EXPECT_DOUBLE_EQ(now.devices[0].verdicts[0].measure.rate.value().packets, 0);
    EXPECT_DOUBLE_EQ(now.rules[0].measure.rate.value().packets, 200);
    EXPECT_DOUBLE_EQ(now.total(XDPCTL_DROP).rate.value().packets, 200);
}

TEST_F(Rates, StartAtZeroForAReasonSeenForTheFirstTime) {
    before.devices[0].verdicts.pop_back();
    add_rates(now, before);
    EXPECT_DOUBLE_EQ(now.devices[0].verdicts[1].measure.rate.value().packets, 10);
}

TEST_F(Rates, CountFromZeroAfterAReset) {
    now.rules[0].measure.count = {2, 200};
    add_rates(now, before);
    EXPECT_DOUBLE_EQ(now.rules[0].measure.rate.value().packets, 4);
}

TEST_F(Rates, AreUnknownForWhatIsNew) {
    before.rules.clear();
    before.devices.erase(before.devices.begin());
    add_rates(now, before);
    EXPECT_FALSE(now.rules[0].measure.rate);
    EXPECT_FALSE(now.devices[0].verdicts[0].measure.rate);
}

TEST_F(Rates, OfTotalsThatCountedNothingAreZero) {
    before.devices[2].verdicts.clear();
    now.devices = {now.devices[2]};
    now.devices[0].verdicts.clear();
    add_rates(now, before);
    EXPECT_DOUBLE_EQ(now.total(XDPCTL_DROP).rate.value().packets, 0);
}

TEST_F(Rates, NeedTimeInBetween) {
    now.taken = before.taken;
    add_rates(now, before);
    EXPECT_FALSE(now.interval);
    EXPECT_FALSE(now.rules[0].measure.rate);
}

TEST(SnapshotText, HasARowForEachVerdictAndReason) {
    const std::string out = text(sample());
    EXPECT_THAT(out, HasSubstr("INTERFACE  HOOK     VERDICT  REASON         PACKETS  BYTES\n"
                               "eth0       ingress  accept   policy              10   1000\n"
                               "eth0       ingress  drop     rule                 5    500\n"
                               "eth1       ingress  drop     malformed-tcp        1     46\n"
                               "eth0       egress   accept   policy               3    300\n"
                               "total               accept                       13   1300\n"
                               "total               drop                          6    546\n"));
    EXPECT_THAT(out, HasSubstr("HANDLE  CHAIN           PACKETS  BYTES  RULE\n"
                               "     7  xdpctl ingress        5    500  counter drop\n"));
    EXPECT_THAT(out, Not(HasSubstr("/S")));
}

TEST_F(Rates, AreShownInText) {
    now.rules[0].measure.count += {100, 6000};
    add_rates(now, before);
    EXPECT_THAT(text(now), HasSubstr("PACKETS/S  BYTES/S"));
    EXPECT_THAT(text(now), HasSubstr("105   6500        200    12000  counter drop"));
}

TEST_F(Rates, AreShownInJson) {
    add_rates(now, before);
    const auto object = json(now);
    EXPECT_EQ(object["interval"], 0.5);
    EXPECT_EQ(object["rules"][0]["packets_per_second"], 0.0);
}

TEST(SnapshotJson, IsComplete) {
    const auto object = json(sample());
    ASSERT_EQ(object["devices"].size(), 3U);
    EXPECT_EQ(object["devices"][0]["interface"], "eth0");
    EXPECT_EQ(object["devices"][0]["hook"], "ingress");
    EXPECT_EQ(object["devices"][0]["table"], "xdpctl");
    EXPECT_EQ(object["devices"][0]["chain"], "ingress");
    EXPECT_EQ(object["devices"][0]["counts"][1],
              (nlohmann::json{{"verdict", "drop"}, {"reason", "rule"}, {"packets", 5}, {"bytes", 500}}));
    EXPECT_EQ(object["rules"][0]["handle"], 7);
    EXPECT_EQ(object["rules"][0]["rule"], "counter drop");
    EXPECT_EQ(object["total"]["accept"]["packets"], 13);
    EXPECT_EQ(object["total"]["drop"]["bytes"], 546);
    EXPECT_FALSE(object.contains("interval"));
}

kernel::DeviceStatus sample_device() {
    return {.chain_table = "xdpctl",
            .chain = "ingress",
            .hook = ruleset::Hook::Ingress,
            .name = "eth0",
            .current_name = "eth0",
            .ifindex = IfIndex{3},
            .attachment = {XDPCTL_ATTACHMENT_XDP_LINK, XDPCTL_MODE_NATIVE, 12},
            .presence = kernel::Presence::Active,
            .attached_at = 1700000000};
}

TEST(DeviceText, TellsHowItIsAttached) {
    EXPECT_EQ(text(sample_device()), "eth0: ingress, chain xdpctl ingress, mode native (xdp-link), program 12, active");
}

TEST(DeviceText, TellsThatItIsNot) {
    kernel::DeviceStatus device = sample_device();
    device.presence.reset();
    EXPECT_EQ(text(device), "eth0: ingress, chain xdpctl ingress, not-attached");
    EXPECT_EQ(json(device)["state"], "not-attached");
    EXPECT_FALSE(json(device).contains("mode"));
}

TEST(DeviceText, TellsANewName) {
    kernel::DeviceStatus device = sample_device();
    device.current_name = "lan0";
    EXPECT_THAT(text(device), HasSubstr("eth0 (now lan0)"));
    EXPECT_EQ(json(device)["current_name"], "lan0");
}

TEST(OverviewText, ShowsDevicesAndChains) {
    const lang::Outline outline = sample_outline();
    const Overview overview{.generation = 4, .devices = {sample_device()}, .outline = &outline};
    EXPECT_THAT(text(overview), HasSubstr("eth0       ingress  active  native  xdp-link         12"));
    EXPECT_THAT(text(overview), HasSubstr("xdpctl egress   egress   accept      1        1"));
    const auto object = json(overview);
    EXPECT_EQ(object["generation"], 4);
    EXPECT_EQ(object["devices"][0]["program_id"], 12);
    EXPECT_EQ(object["devices"][0]["attached_at"], 1700000000);
    EXPECT_EQ(object["chains"][0]["devices"], (std::vector<std::string>{"eth0", "eth1"}));
}

TEST(OverviewText, OfNothingTellsHowToStart) {
    const lang::Outline empty;
    EXPECT_THAT(text(Overview{.generation = 0, .devices = {}, .outline = &empty}), HasSubstr("xdpctl attach"));
}

}  // namespace
}  // namespace xdpctl::stats
