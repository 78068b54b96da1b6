// SPDX-License-Identifier: BSD-2-Clause
// Live elements of a ranged set in memory, in an order that finds those that overlap a prefix.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "sets/live.h"

namespace xdpctl::sets {

[[nodiscard]] bool is_same(const LiveElement& a, const LiveElement& b);
// Whether the first one's prefix holds the second one.
[[nodiscard]] bool covers(const LiveElement& outer, const LiveElement& inner);

class LiveIndex {
public:
    explicit LiveIndex(std::span<const LiveElement> elements);

    void put(const LiveElement& element);
    void erase(const LiveElement& element);

    // All that cover the element, itself and all that it covers.
    [[nodiscard]] std::vector<LiveElement> overlapping(const LiveElement& element) const;

private:
    // By their first keys; of those that begin alike the longest range comes first.
    struct Less {
        bool operator()(const LiveElement& a, const LiveElement& b) const;
    };

    std::map<LiveElement, xdpctl_set_live, Less> elements_;  // keys without values
    std::array<std::uint32_t, 129> by_length_{};             // how many have so many bits
};

}  // namespace xdpctl::sets
