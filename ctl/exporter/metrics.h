// SPDX-License-Identifier: BSD-2-Clause
// What was counted, as Prometheus has it: names, units and labels by its conventions. The metrics are described in
// xdpctl-exporter(8).
#pragma once

#include <prometheus/metric_family.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "exporter/totals.h"
#include "kernel/count_reader.h"
#include "lang/outline.h"
#include "ruleset/model.h"
#include "stats/tally.h"

namespace xdpctl::exporter {

// What one scrape read.
struct Sample {
    std::uint64_t generation = 0;
    const lang::Outline* outline = nullptr;  // of the ruleset; not null
    std::vector<kernel::DeviceStatus> devices;
    std::vector<kernel::DeviceCount> device_counts;
    kernel::CountReader::RuleCounts rule_counts;
};

// Keeps what makes counters grow from one sample to the next.
class Metrics {
public:
    // Of at most so many rules there are series of their own: a rule that has them keeps them while it exists.
    explicit Metrics(std::size_t rules_max) : rules_max_(rules_max) {}

    [[nodiscard]] std::vector<prometheus::MetricFamily> update(const Sample& sample);

private:
    // Table, chain, hook, interface, verdict, reason.
    using DeviceKey = std::tuple<std::string, std::string, ruleset::Hook, std::string, xdpctl_verdict, xdpctl_reason>;
    using ChainKey = std::pair<std::string, std::string>;

    void add_devices(const Sample& sample);
    void add_rules(const Sample& sample);
    void admit(const std::set<Handle>& counting);

    std::size_t rules_max_;
    Totals<DeviceKey> devices_;
    Totals<Handle> rules_;
    std::map<ChainKey, Count> chains_;  // all rules that ever counted there
    std::set<Handle> admitted_;
    std::size_t left_out_ = 0;
};

// Histograms of Prometheus, whose buckets hold all that is not larger.
[[nodiscard]] prometheus::MetricFamily packet_sizes(const std::vector<stats::PacketSizes>& sizes);
[[nodiscard]] prometheus::MetricFamily stage_times(const std::vector<stats::StageTimes>& times);

// Text that Prometheus takes: what is not UTF-8 becomes U+FFFD.
[[nodiscard]] std::string label_value(std::string_view text);

}  // namespace xdpctl::exporter
