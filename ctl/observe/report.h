// SPDX-License-Identifier: BSD-2-Clause
// What an observer saw, in one line of text for people or one object of JSON for programs. The JSON is described in
// xdpctl-monitor(8).
#pragma once

#include <chrono>
#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "maps/packet.h"
#include "maps/verdict.h"
#include "ruleset/model.h"

namespace xdpctl::observe {

// Nanoseconds, as captures have them.
using Time = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;

// One packet's verdict, or one log statement that it met.
struct Report {
    Time time;
    std::string_view interface;
    const ruleset::Table* table = nullptr;  // not null, like the chain
    const ruleset::Chain* chain = nullptr;
    const xdpctl_packet* packet = nullptr;  // as parsed, and its verdict; not null
    const ruleset::Rule* rule = nullptr;    // that decided; null when none did
    const ruleset::Rule* logged = nullptr;  // whose log statement this is; null for a verdict
    std::uint32_t length = 0;               // of the frame
    std::span<const std::byte> frame;       // as much as was asked for
};

[[nodiscard]] std::string text(const Report& report);
[[nodiscard]] nlohmann::json json(const Report& report);

// "drop by rule 5 "no-udp"", "accept by policy", "drop by malformed-tcp".
[[nodiscard]] std::string decision(const Report& report);

// "2026-11-26 10:20:30.123456": to the microsecond, local.
[[nodiscard]] std::string local_time(Time time);

// Seconds since the epoch.
[[nodiscard]] double seconds(Time time);

}  // namespace xdpctl::observe
