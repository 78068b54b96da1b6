// SPDX-License-Identifier: BSD-2-Clause
// All counters of a network namespace at one moment, and the rates between two moments.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/types.h"
#include "kernel/count_reader.h"
#include "lang/outline.h"
#include "maps/verdict.h"
#include "ruleset/model.h"

namespace xdpctl::stats {

// Per second.
struct Rate {
    double packets = 0;
    double bytes = 0;
};

// A count, and its rate when an earlier snapshot had it too.
struct Measure {
    Count count;
    std::optional<Rate> rate;
};

struct VerdictMeasure {
    xdpctl_verdict verdict{};
    xdpctl_reason reason{};
    Measure measure;
};

// A device that a chain names, whether packets were counted or not.
struct DeviceStats {
    std::string table;
    std::string chain;
    ruleset::Hook hook{};
    std::string device;
    std::vector<VerdictMeasure> verdicts;  // without zeros, by verdict and reason
};

// A rule that counts.
struct RuleStats {
    std::string table;
    std::string chain;
    Handle handle{};
    std::string text;  // without numbers
    Measure measure;
};

// Who sends from one address to one port.
struct TalkerStats {
    std::string source;       // "192.0.2.1"
    std::string destination;  // "tcp 22"
    Measure measure;
    double drops_per_second = 0;
};

struct Snapshot {
    std::chrono::system_clock::time_point time;   // for people
    std::chrono::steady_clock::time_point taken;  // for rates
    // That the rates span; none without rates.
    std::optional<std::chrono::duration<double>> interval;
    std::vector<DeviceStats> devices;
    std::vector<RuleStats> rules;
    std::optional<std::vector<TalkerStats>> talkers;  // none when nobody asked for them

    // Over all devices.
    [[nodiscard]] Measure total(xdpctl_verdict verdict) const;
};

// With a device: that device only, and the rules of its chains. Errors: NotFound when no chain names the device.
[[nodiscard]] Result<Snapshot> take_snapshot(const kernel::CountReader& reader, std::string_view device = {});

// The pure part of take_snapshot: puts counts to the devices and rules of the ruleset. `rule_counts`: as a CountReader
// gives them.
[[nodiscard]] Snapshot arrange(const lang::Outline& outline, const std::vector<kernel::DeviceCount>& device_counts,
                               const std::map<Handle, std::vector<std::optional<Count>>>& rule_counts,
                               std::string_view device = {});

// Fills in the rates of `now`. A count that went down was reset in between: it is taken as counted from zero.
void add_rates(Snapshot& now, const Snapshot& before);

}  // namespace xdpctl::stats
