// SPDX-License-Identifier: BSD-2-Clause
// Names of interfaces as numbers, for sets: the 16 bytes of a name, the first one highest, so that they sort like text
// and a wildcard is a run of numbers.
#pragma once

#include <string>
#include <string_view>

#include "ruleset/interval.h"

namespace xdpctl::ruleset {

// Of a name, or of all that begin with what stands in front of a trailing *.
// REQUIRES: device_fault() has nothing against it.
[[nodiscard]] Interval ifname_interval(std::string_view pattern);
[[nodiscard]] std::string ifname_pattern(const Interval& interval);

}  // namespace xdpctl::ruleset
