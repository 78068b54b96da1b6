// SPDX-License-Identifier: BSD-2-Clause
// The ranges of an image: sets of numbers of more than 32 bits (maps/set.h).
#pragma once

#include <span>

#include "maps/set.h"
#include "sets/range.h"

namespace xdpctl::sets {

// Appends boundaries, tree and fine ranges to the image. REQUIRES: sorted, neither overlapping nor adjacent.
void append_ranges(std::span<const Range128> ranges, xdpctl_set_head& head, Bytes& image);

}  // namespace xdpctl::sets
