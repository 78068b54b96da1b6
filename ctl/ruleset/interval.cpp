// SPDX-License-Identifier: BSD-2-Clause
#include "ruleset/interval.h"

#include <algorithm>

namespace xdpctl::ruleset {

void merge_intervals(std::vector<Interval>& intervals, bool adjacent) {
    std::ranges::sort(intervals, {}, &Interval::first);
    std::size_t kept = 0;
    for (std::size_t i = 1; i < intervals.size(); ++i) {
        Interval& last = intervals[kept];
        const Interval& next = intervals[i];
        const bool touches = next.first <= last.last || (adjacent && next.first - 1 == last.last);
        if (touches)
            last.last = std::max(last.last, next.last);
        else
            intervals[++kept] = next;
    }
    if (!intervals.empty())
        intervals.resize(kept + 1);
}

}  // namespace xdpctl::ruleset
