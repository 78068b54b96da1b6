// SPDX-License-Identifier: BSD-2-Clause
#include "stats/snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <unordered_map>

namespace xdpctl::stats {

namespace {

std::vector<VerdictMeasure> verdicts_of(const std::vector<kernel::DeviceCount>& counts, const std::string& table,
                                        const std::string& chain, const std::string& device) {
    std::vector<VerdictMeasure> out;
    for (const kernel::DeviceCount& counted : counts)
        if (counted.chain_table == table && counted.chain == chain && counted.device == device)
            out.push_back({counted.verdict, counted.reason, {counted.count, std::nullopt}});
    std::ranges::sort(out, {}, [](const VerdictMeasure& m) { return std::tuple(m.verdict, m.reason); });
    return out;
}

Rate rate_between(const Count& before, const Count& now, std::chrono::duration<double> interval) {
    const bool reset = now.packets < before.packets || now.bytes < before.bytes;
    const Count base = reset ? Count{} : before;
    return {static_cast<double>(now.packets - base.packets) / interval.count(),
            static_cast<double>(now.bytes - base.bytes) / interval.count()};
}

const DeviceStats* find_device(const Snapshot& snapshot, const DeviceStats& wanted) {
    const auto same = [&](const DeviceStats& other) {
        return other.table == wanted.table && other.chain == wanted.chain && other.device == wanted.device;
    };
    const auto found = std::ranges::find_if(snapshot.devices, same);
    return found == snapshot.devices.end() ? nullptr : &*found;
}

Count count_of(const DeviceStats& device, xdpctl_verdict verdict, xdpctl_reason reason) {
    for (const VerdictMeasure& m : device.verdicts)
        if (m.verdict == verdict && m.reason == reason)
            return m.measure.count;
    return {};
}

}  // namespace

Measure Snapshot::total(xdpctl_verdict verdict) const {
    Measure sum;
    if (interval)
        sum.rate = Rate{};
    for (const DeviceStats& device : devices) {
        for (const VerdictMeasure& m : device.verdicts) {
            if (m.verdict != verdict)
                continue;
            sum.count += m.measure.count;
            if (sum.rate && m.measure.rate) {
                sum.rate->packets += m.measure.rate->packets;
                sum.rate->bytes += m.measure.rate->bytes;
            }
        }
    }
    return sum;
}

Snapshot arrange(const lang::Outline& outline, const std::vector<kernel::DeviceCount>& device_counts,
                 const std::map<Handle, std::vector<std::optional<Count>>>& rule_counts, std::string_view device) {
    Snapshot snapshot;
    for (const ruleset::Table& table : outline.ruleset.tables) {
        for (const ruleset::Chain& chain : table.chains) {
            if (!device.empty() && std::ranges::find(chain.devices, device) == chain.devices.end())
                continue;
            for (const std::string& name : chain.devices)
                if (device.empty() || name == device)
                    snapshot.devices.push_back({table.name, chain.name, chain.hook, name,
                                                verdicts_of(device_counts, table.name, chain.name, name)});
            const auto counts = rule_counts.find(chain.handle);
            if (counts == rule_counts.end())
                continue;
            auto count = counts->second.begin();
            for (const lang::RuleLine& rule : outline.rules_of(chain))
                if (const std::optional<Count>& counted = *count++)
                    snapshot.rules.push_back(
                        {table.name, chain.name, rule.handle, rule.stateless(), {*counted, std::nullopt}});
        }
    }
    return snapshot;
}

Result<Snapshot> take_snapshot(const kernel::CountReader& reader, std::string_view device) {
    const auto device_counts = reader.device_counts();
    if (!device_counts)
        return std::unexpected(device_counts.error());
    Snapshot snapshot = arrange(reader.outline(), *device_counts, reader.rule_counts(), device);
    if (!device.empty() && snapshot.devices.empty())
        return fail(ErrorKind::NotFound, fmt::format("no statistics of {}", device), "it is not attached",
                    "'xdpctl status' lists what is attached");
    snapshot.time = std::chrono::system_clock::now();
    snapshot.taken = std::chrono::steady_clock::now();
    return snapshot;
}

void add_rates(Snapshot& now, const Snapshot& before) {
    const std::chrono::duration<double> interval = now.taken - before.taken;
    if (interval.count() <= 0)
        return;
    now.interval = interval;
    for (DeviceStats& device : now.devices)
        if (const DeviceStats* earlier = find_device(before, device))
            for (VerdictMeasure& m : device.verdicts)
                m.measure.rate = rate_between(count_of(*earlier, m.verdict, m.reason), m.measure.count, interval);
    std::unordered_map<Handle, Count> earlier;
    earlier.reserve(before.rules.size());
    for (const RuleStats& rule : before.rules)
        earlier.emplace(rule.handle, rule.measure.count);
    for (RuleStats& rule : now.rules)
        if (const auto found = earlier.find(rule.handle); found != earlier.end())
            rule.measure.rate = rate_between(found->second, rule.measure.count, interval);
}

}  // namespace xdpctl::stats
