// SPDX-License-Identifier: BSD-2-Clause
// A scrape: opens the running state, reads all counters, and makes metrics of them.
#pragma once

#include <prometheus/collectable.h>

#include <memory>
#include <mutex>

#include "exporter/metrics.h"
#include "kernel/observer.h"

namespace xdpctl::exporter {

// May be asked by several threads at once. A state that cannot be read is a metric too: xdpctl_up is 0 then.
class Collector : public prometheus::Collectable {
public:
    // An observer adds what it tallies.
    explicit Collector(std::size_t rules_max, std::unique_ptr<kernel::Observer> observer = nullptr)
        : metrics_(rules_max), observer_(std::move(observer)) {}

    [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

private:
    mutable std::mutex mutex_;
    mutable Metrics metrics_;
    std::unique_ptr<kernel::Observer> observer_;
};

// The metrics in Prometheus' text format.
[[nodiscard]] std::string text(const std::vector<prometheus::MetricFamily>& families);

}  // namespace xdpctl::exporter
