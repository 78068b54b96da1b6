// SPDX-License-Identifier: BSD-2-Clause
// The trie of an image: sets of numbers of up to 32 bits (maps/set.h).
#pragma once

#include <span>

#include "maps/set.h"
#include "sets/range.h"

namespace xdpctl::sets {

// Appends the trie of the ranges to the image. REQUIRES: sorted, neither overlapping nor adjacent.
void append_trie(std::span<const Range32> ranges, xdpctl_set_head& head, Bytes& image);

}  // namespace xdpctl::sets
