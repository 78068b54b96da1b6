// SPDX-License-Identifier: BSD-2-Clause
#include "ruleset/ifname.h"

namespace xdpctl::ruleset {
namespace {

constexpr unsigned size = 16;

}  // namespace

Interval ifname_interval(std::string_view pattern) {
    const bool is_wildcard = pattern.ends_with('*');
    if (is_wildcard)
        pattern.remove_suffix(1);
    Value first = 0;
    for (unsigned i = 0; i < size; ++i)
        first = first << 8U | (i < pattern.size() ? static_cast<unsigned char>(pattern[i]) : 0U);
    const Value behind = is_wildcard ? ~Value{0} >> (8 * pattern.size()) : 0;
    return {.first = first, .last = first | behind};
}

std::string ifname_pattern(const Interval& interval) {
    std::string name;
    for (unsigned shift = 8 * size; shift > 0; shift -= 8) {
        const auto byte = static_cast<char>(interval.first >> (shift - 8));
        if (byte == 0)
            break;
        name += byte;
    }
    return interval.first == interval.last ? name : name + '*';
}

}  // namespace xdpctl::ruleset
