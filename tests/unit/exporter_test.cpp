// SPDX-License-Identifier: BSD-2-Clause
// Samples to metrics: names, labels, and counters that never go back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "exporter/collector.h"
#include "exporter/metrics.h"
#include "exporter/totals.h"

namespace xdpctl::exporter {
namespace {

using testing::HasSubstr;
using testing::Not;

// A rule of the chain that counts.
struct CountingRule {
    std::uint64_t handle;
    Count count;
    std::string text = "counter drop";
};

constexpr Handle chain_handle{1};

ruleset::Ruleset with_chain() {
    ruleset::Chain chain;
    chain.name = "ingress";
    chain.devices = {"eth0"};
    chain.handle = chain_handle;
    ruleset::Table table;
    table.name = "xdpctl";
    table.chains = {chain};
    ruleset::Ruleset ruleset;
    ruleset.tables = {table};
    return ruleset;
}

kernel::DeviceCount dropped(const std::string& device, Count count) {
    return {.chain_table = "xdpctl",
            .chain = "ingress",
            .hook = ruleset::Hook::Ingress,
            .device = device,
            .verdict = XDPCTL_DROP,
            .reason = XDPCTL_REASON_RULE,
            .count = count};
}

class MetricsTest : public testing::Test {
protected:
    std::string update(const std::vector<CountingRule>& rules, std::vector<kernel::DeviceCount> devices = {}) {
        lang::Outline outline{.ruleset = with_chain(), .rules = {}};
        kernel::CountReader::RuleCounts counts;
        for (const CountingRule& rule : rules) {
            outline.rules[chain_handle].push_back({Handle{rule.handle}, rule.text, Count{}});
            counts[chain_handle].push_back(rule.count);
        }
        return text(metrics.update({.generation = 7,
                                    .outline = &outline,
                                    .devices = {},
                                    .device_counts = std::move(devices),
                                    .rule_counts = std::move(counts)}));
    }

    Metrics metrics{2};
};

TEST(Total, GrowsWhenItsSourceStartsAgain) {
    Total total;
    EXPECT_EQ(total.add({5, 500}), (Count{5, 500})) << "what was counted before counts";
    EXPECT_EQ(total.add({7, 700}), (Count{2, 200}));
    EXPECT_EQ(total.add({1, 60}), (Count{1, 60})) << "reset in between";
    EXPECT_EQ(total.total, (Count{8, 760}));
    EXPECT_EQ(total.add({1, 60}), Count{});
}

TEST(Totals, StartFromZeroWhenTheyComeBack) {
    Totals<int> totals;
    totals.add(1, {10, 1000});
    totals.end_round(8);
    totals.end_round(8);
    // As much as before it went, or more: that is not what was counted in between.
    EXPECT_EQ(totals.add(1, {12, 1200}), (Count{12, 1200}));
    totals.for_each([](int, const Count& total) { EXPECT_EQ(total, (Count{22, 2200})); });
}

TEST(Totals, ForgetWhatIsGoneWhenThereAreTooMany) {
    Totals<int> totals;
    for (int i = 0; i < 10; ++i)
        totals.add(i, {1, 60});
    totals.end_round(5);
    totals.add(3, {2, 120});
    totals.end_round(5);
    int number = 0;
    totals.for_each([&](int key, const Count&) {
        EXPECT_EQ(key, 3);
        ++number;
    });
    EXPECT_EQ(number, 1);
}

TEST_F(MetricsTest, NamesWhatAnInterfaceJudged) {
    const std::string out = update({}, {dropped("eth0", {3, 180})});
    EXPECT_THAT(out, HasSubstr("# TYPE xdpctl_packets_total counter\n"));
    EXPECT_THAT(out, HasSubstr("xdpctl_packets_total{table=\"xdpctl\",chain=\"ingress\",hook=\"ingress\",interface="
                               "\"eth0\",verdict=\"drop\",reason=\"rule\"} 3\n"));
    EXPECT_THAT(out, HasSubstr("xdpctl_bytes_total{table=\"xdpctl\",chain=\"ingress\",hook=\"ingress\",interface="
                               "\"eth0\",verdict=\"drop\",reason=\"rule\"} 180\n"));
    EXPECT_THAT(out, HasSubstr("xdpctl_ruleset_generation 7\n"));
}

TEST_F(MetricsTest, KeepCountersOfDetachedInterfaces) {
    update({}, {dropped("eth0", {3, 180})});
    EXPECT_THAT(update({}), HasSubstr("reason=\"rule\"} 3\n"));
    EXPECT_THAT(update({}, {dropped("eth0", {4, 240})}), HasSubstr("reason=\"rule\"} 7\n"));
}

TEST_F(MetricsTest, NameARuleByHandleAndComment) {
    const std::string out = update({{3, {9, 900}, R"(tcp dport 22 counter drop comment "one\ # more")"}});
    EXPECT_THAT(out, HasSubstr("xdpctl_rule_packets_total{table=\"xdpctl\",chain=\"ingress\",handle=\"3\",comment="
                               "\"one\\\\ # more\"} 9\n"));
}

TEST_F(MetricsTest, SumAllRulesAndDeletedOnes) {
    update({{3, {1, 10}}, {4, {2, 20}}, {5, {4, 40}}});
    const std::string out = update({{5, {5, 50}}});
    EXPECT_THAT(out, HasSubstr("xdpctl_chain_rules_packets_total{table=\"xdpctl\",chain=\"ingress\"} 8\n"));
    EXPECT_THAT(out, HasSubstr("xdpctl_chain_rules{table=\"xdpctl\",chain=\"ingress\"} 1\n"));
    EXPECT_THAT(out, Not(HasSubstr("handle=\"3\"")));
}

TEST_F(MetricsTest, GiveSeriesToSoManyRules) {
    std::string out = update({{5, {4, 40}}, {4, {2, 20}}, {3, {1, 10}}});
    EXPECT_THAT(out, HasSubstr("xdpctl_rules_without_series 1\n"));
    EXPECT_THAT(out, Not(HasSubstr("handle=\"5\"")));
    EXPECT_THAT(out, HasSubstr("xdpctl_chain_rules_packets_total{table=\"xdpctl\",chain=\"ingress\"} 7\n"));

    // A rule in front of others does not take the place of one that has it.
    out = update({{5, {4, 40}}, {4, {2, 20}}});
    EXPECT_THAT(out, HasSubstr("xdpctl_rules_without_series 0\n"));
    out = update({{2, {}}, {5, {4, 40}}, {4, {2, 20}}});
    EXPECT_THAT(out, HasSubstr("handle=\"4\""));
    EXPECT_THAT(out, HasSubstr("handle=\"5\""));
    EXPECT_THAT(out, Not(HasSubstr("handle=\"2\"")));
}

TEST(LabelValue, KeepsUtf8AndReplacesTheRest) {
    EXPECT_EQ(label_value("grüße €\xf0\x9f\x98\x80"), "grüße €\xf0\x9f\x98\x80");
    EXPECT_EQ(label_value("a\xff\xfe z"), "a\xef\xbf\xbd\xef\xbf\xbd z");
    EXPECT_EQ(label_value("cut \xe2\x82"), "cut \xef\xbf\xbd\xef\xbf\xbd");
    EXPECT_EQ(label_value("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd") << "overlong";
    EXPECT_EQ(label_value("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd") << "surrogate";
    EXPECT_EQ(label_value("\xf4\x90\x80\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd") << "too large";
}

}  // namespace
}  // namespace xdpctl::exporter
