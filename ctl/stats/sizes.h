// SPDX-License-Identifier: BSD-2-Clause
// How long packets are, as an observer tallies it.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "kernel/observer.h"
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

}  // namespace xdpctl::stats
