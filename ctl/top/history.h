// SPDX-License-Identifier: BSD-2-Clause
// Rates of the last snapshots, for sparklines.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "stats/snapshot.h"

namespace xdpctl::top {

class History {
public:
    static constexpr std::size_t length = 48;  // snapshots

    // Takes the packets a second of a snapshot that has rates.
    void add(const stats::Snapshot& snapshot);

    // Oldest first; empty for what had no packet in all this time.
    [[nodiscard]] std::vector<double> of_verdict(xdpctl_verdict verdict) const;
    [[nodiscard]] std::vector<double> of_drops(const stats::DeviceStats& device) const;
    [[nodiscard]] std::vector<double> of_rule(Handle handle) const;

private:
    using Key = std::string;
    void add(const Key& key, double rate);
    [[nodiscard]] std::vector<double> of(const Key& key) const;

    struct Series {
        std::size_t last = 0;  // the round of the last rate
        std::deque<double> rates;
    };
    std::map<Key, Series> series_;
    std::size_t round_ = 0;
};

// Packets a second of one verdict on a device.
[[nodiscard]] stats::Rate rate_of(const stats::DeviceStats& device, xdpctl_verdict verdict);

}  // namespace xdpctl::top
