// SPDX-License-Identifier: BSD-2-Clause
// What images of sets are compared with.
#pragma once

#include <algorithm>
#include <iterator>
#include <vector>

namespace xdpctl::test {

// REQUIRES: the ranges are sorted and do not overlap.
template <typename Range, typename Number>
bool contains(const std::vector<Range>& ranges, Number number) {
    const auto behind = std::ranges::upper_bound(ranges, number, {}, &Range::first);
    return behind != ranges.begin() && std::prev(behind)->last >= number;
}

}  // namespace xdpctl::test
