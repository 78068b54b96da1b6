// SPDX-License-Identifier: BSD-2-Clause
// How long packets are and what time their stages take, as an observer tallies it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "kernel/observer.h"
#include "maps/tally.h"
#include "maps/verdict.h"
#include "ruleset/model.h"
#include "stats/histogram.h"

namespace xdpctl::stats {

// Of the packets of a device that got one verdict.
struct PacketSizes {
    std::string table;
    std::string chain;
    ruleset::Hook hook{};
    std::string device;
    xdpctl_verdict verdict{};
    Histogram bytes;  // of whole frames
};

// Since the observer began; without those of no packet.
[[nodiscard]] Result<std::vector<PacketSizes>> packet_sizes(const kernel::Observer& observer);

// Of all packets of a device.
struct StageTimes {
    std::string table;
    std::string chain;
    ruleset::Hook hook{};
    std::string device;
    xdpctl_timed_stage stage{};
    Histogram nanoseconds;
};

// Likewise. A stage's time has in it what taking the time costs.
[[nodiscard]] Result<std::vector<StageTimes>> stage_times(const kernel::Observer& observer);

[[nodiscard]] std::string_view name(xdpctl_timed_stage stage);  // "parse", "judge"

}  // namespace xdpctl::stats
