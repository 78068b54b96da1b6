// SPDX-License-Identifier: BSD-2-Clause
#include "top/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "stats/names.h"

namespace xdpctl::top {

namespace {

std::string verdict_key(xdpctl_verdict verdict) {
    return fmt::format("verdict {}", stats::name(verdict));
}

std::string drops_key(const stats::DeviceStats& device) {
    return fmt::format("drops {} {}", stats::name(device.hook), device.device);
}

std::string rule_key(Handle handle) {
    return fmt::format("rule {}", std::to_underlying(handle));
}

}  // namespace

stats::Rate rate_of(const stats::DeviceStats& device, xdpctl_verdict verdict) {
    stats::Rate sum;
    for (const stats::VerdictMeasure& m : device.verdicts) {
        if (m.verdict == verdict && m.measure.rate) {
            sum.packets += m.measure.rate->packets;
            sum.bytes += m.measure.rate->bytes;
        }
    }
    return sum;
}

void History::add(const stats::Snapshot& snapshot) {
    ++round_;
    for (const xdpctl_verdict verdict : {XDPCTL_ACCEPT, XDPCTL_DROP})
        add(verdict_key(verdict), snapshot.total(verdict).rate.value_or(stats::Rate{}).packets);
    for (const stats::DeviceStats& device : snapshot.devices)
        add(drops_key(device), rate_of(device, XDPCTL_DROP).packets);
    for (const stats::RuleStats& rule : snapshot.rules)
        add(rule_key(rule.handle), rule.measure.rate.value_or(stats::Rate{}).packets);
    // Most rules of a large ruleset never count: what was still all the time is forgotten.
    std::erase_if(series_, [&](const auto& item) {
        return item.second.last + length <= round_ ||
               std::ranges::all_of(item.second.rates, [](double rate) { return rate == 0; });
    });
}

void History::add(const Key& key, double rate) {
    const auto known = series_.find(key);
    if (known == series_.end() && rate == 0)
        return;
    Series& series = known == series_.end() ? series_[key] : known->second;
    series.rates.push_back(rate);
    series.last = round_;
    if (series.rates.size() > length)
        series.rates.pop_front();
}

std::vector<double> History::of(const Key& key) const {
    const auto found = series_.find(key);
    if (found == series_.end())
        return {};
    return {found->second.rates.begin(), found->second.rates.end()};
}

std::vector<double> History::of_verdict(xdpctl_verdict verdict) const {
    return of(verdict_key(verdict));
}

std::vector<double> History::of_drops(const stats::DeviceStats& device) const {
    return of(drops_key(device));
}

std::vector<double> History::of_rule(Handle handle) const {
    return of(rule_key(handle));
}

}  // namespace xdpctl::top
