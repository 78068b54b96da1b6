// SPDX-License-Identifier: BSD-2-Clause
// Snapshots and device states as text for people and as JSON for programs. The JSON is described in xdpctl-stats(8).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "kernel/device_status.h"
#include "lang/outline.h"
#include "ruleset/model.h"
#include "stats/snapshot.h"

namespace xdpctl::stats {

[[nodiscard]] std::string text(const Snapshot& snapshot);
[[nodiscard]] nlohmann::json json(const Snapshot& snapshot);

// What runs in a network namespace.
struct Overview {
    std::uint64_t generation = 0;
    std::vector<kernel::DeviceStatus> devices;
    const lang::Outline* outline = nullptr;  // of the ruleset; not null
};

[[nodiscard]] std::string text(const Overview& overview);
[[nodiscard]] nlohmann::json json(const Overview& overview);

// One device in one line: "eth0: ingress, mode native (xdp-link), program 12, chain xdpctl ingress, active".
[[nodiscard]] std::string text(const kernel::DeviceStatus& device);
[[nodiscard]] nlohmann::json json(const kernel::DeviceStatus& device);

}  // namespace xdpctl::stats
