// SPDX-License-Identifier: BSD-2-Clause
#include "stats/histogram.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <numeric>

namespace xdpctl::stats {

namespace {

constexpr std::size_t bar_columns = 40;

std::uint64_t first_of(std::size_t bucket) {
    return bucket == 0 ? 0 : std::uint64_t{1} << bucket;
}

// Powers of two, in their own units: 512, 1K, 64K, 1M.
std::string shortened(std::uint64_t number) {
    constexpr std::array units{"", "K", "M", "G", "T", "P", "E"};
    std::size_t unit = 0;
    for (; number >= 1024; number /= 1024)
        ++unit;
    return fmt::format("{}{}", number, units[unit]);
}

std::string range(const Histogram& histogram, std::size_t bucket) {
    const bool is_last = bucket + 1 == histogram.buckets.size();
    return fmt::format("[{}, {}", shortened(first_of(bucket)),
                       is_last ? "...)" : shortened(std::uint64_t{1} << (bucket + 1)) + ")");
}

}  // namespace

std::uint64_t Histogram::count() const {
    return std::accumulate(buckets.begin(), buckets.end(), std::uint64_t{0});
}

std::string draw(const Histogram& histogram) {
    const auto& buckets = histogram.buckets;
    const auto is_used = [](std::uint64_t count) { return count > 0; };
    const auto first = std::ranges::find_if(buckets, is_used);
    if (first == buckets.end())
        return {};
    const auto end = std::ranges::find_if(buckets.rbegin(), buckets.rend(), is_used).base();
    const std::uint64_t highest = std::ranges::max(buckets);
    std::string out;
    for (auto bucket = first; bucket != end; ++bucket) {
        const double share = static_cast<double>(*bucket) / static_cast<double>(highest);
        const auto bar = static_cast<std::size_t>(share * bar_columns);
        out +=
            fmt::format("{:<16}{:>12} |{:<{}}|\n", range(histogram, static_cast<std::size_t>(bucket - buckets.begin())),
                        *bucket, std::string(bar, '@'), bar_columns);
    }
    return out;
}

nlohmann::json json(const Histogram& histogram) {
    nlohmann::json out = nlohmann::json::array();
    for (std::size_t bucket = 0; bucket < histogram.buckets.size(); ++bucket) {
        if (histogram.buckets[bucket] == 0)
            continue;
        nlohmann::json& one = out.emplace_back();
        one["from"] = first_of(bucket);
        if (bucket + 1 < histogram.buckets.size())
            one["below"] = std::uint64_t{1} << (bucket + 1);
        one["count"] = histogram.buckets[bucket];
    }
    return out;
}

}  // namespace xdpctl::stats
