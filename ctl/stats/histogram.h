// SPDX-License-Identifier: BSD-2-Clause
// Numbers by powers of two, and how they are drawn.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace xdpctl::stats {

struct Histogram {
    std::vector<std::uint64_t> buckets;  // bucket i counts numbers from 2^i on, the first one 0 too
    std::uint64_t sum = 0;               // of the numbers

    [[nodiscard]] std::uint64_t count() const;
};

// A line for each bucket from the first to the last one that is not empty:
//   [64, 128)            12 |@@@@@@@@@@@@@@@@@@                      |
// Empty when nothing was counted.
[[nodiscard]] std::string draw(const Histogram& histogram);

// [{"from": 64, "below": 128, "count": 12}, ...], without empty buckets. The last bucket has no "below".
[[nodiscard]] nlohmann::json json(const Histogram& histogram);

}  // namespace xdpctl::stats
