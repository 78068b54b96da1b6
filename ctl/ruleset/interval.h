// SPDX-License-Identifier: BSD-2-Clause
// Values of fields, and runs of them.
#pragma once

#include <cstdint>
#include <vector>

namespace xdpctl::ruleset {

// A field's value in host byte order: an IPv4 address is its 32-bit number, an IPv6 address its 128-bit number.
__extension__ using Value = unsigned __int128;

// Inclusive.
struct Interval {
    Value first = 0;
    Value last = 0;
    bool operator==(const Interval&) const = default;
};

// Sorts and merges overlapping intervals; with `adjacent` also those that leave no gap, as nft does in sets with
// ranges.
void merge_intervals(std::vector<Interval>& intervals, bool adjacent);

}  // namespace xdpctl::ruleset
