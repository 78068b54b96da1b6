// SPDX-License-Identifier: BSD-2-Clause
#include "exporter/collector.h"

#include <prometheus/text_serializer.h>

#include <chrono>
#include <sstream>

#include "kernel/count_reader.h"
#include "stats/tally.h"

namespace xdpctl::exporter {

namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily gauge(std::string name, std::string help, double value) {
    prometheus::ClientMetric metric;
    metric.gauge.value = value;
    return {std::move(name), std::move(help), MetricType::Gauge, {std::move(metric)}};
}

MetricFamily build_info() {
    MetricFamily family = gauge("xdpctl_build_info", "The version of xdpctl that exports", 1);
    family.metric.front().label.push_back({"version", XDPCTL_VERSION});
    return family;
}

// Which interfaces are attached can take more rights than counters do (libxdp's dispatcher): it is left out then.
Result<std::vector<MetricFamily>> read(Metrics& metrics) {
    const auto reader = kernel::CountReader::open();
    if (!reader)
        return std::unexpected(reader.error());
    auto device_counts = reader->device_counts();
    if (!device_counts)
        return std::unexpected(std::move(device_counts).error());
    return metrics.update({.generation = reader->generation(),
                           .outline = &reader->outline(),
                           .devices = reader->devices().value_or(std::vector<kernel::DeviceStatus>()),
                           .device_counts = std::move(*device_counts),
                           .rule_counts = reader->rule_counts()});
}

// While another command writes, the observer follows the ruleset at the next scrape.
Status add_tallies(kernel::Observer& observer, std::vector<MetricFamily>& families) {
    if (const auto changed = observer.refresh(); !changed)
        return std::unexpected(changed.error());
    if (observer.tallies().request().sizes) {
        const auto sizes = stats::packet_sizes(observer);
        if (!sizes)
            return std::unexpected(sizes.error());
        families.push_back(packet_sizes(*sizes));
    }
    if (observer.tallies().request().times) {
        const auto times = stats::stage_times(observer);
        if (!times)
            return std::unexpected(times.error());
        families.push_back(stage_times(*times));
    }
    return {};
}

}  // namespace

std::vector<MetricFamily> Collector::Collect() const {
    const std::scoped_lock lock(mutex_);
    const auto begin = std::chrono::steady_clock::now();
    auto families = read(metrics_);
    if (families && observer_)
        if (Status added = add_tallies(*observer_, *families); !added)
            families = std::unexpected(std::move(added).error());
    const std::chrono::duration<double> duration = std::chrono::steady_clock::now() - begin;
    std::vector<MetricFamily> out = families ? std::move(*families) : std::vector<MetricFamily>();
    out.push_back(gauge("xdpctl_up", "Whether the running state could be read", families ? 1 : 0));
    out.push_back(gauge("xdpctl_scrape_duration_seconds", "How long reading the state took", duration.count()));
    out.push_back(build_info());
    return out;
}

std::string text(const std::vector<MetricFamily>& families) {
    return prometheus::TextSerializer().Serialize(families);
}

}  // namespace xdpctl::exporter
