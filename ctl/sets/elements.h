// SPDX-License-Identifier: BSD-2-Clause
// The elements of a named set and its image: one is made of the other, and the image keeps the elements as they are
// listed.
#pragma once

#include <span>

#include "base/error.h"
#include "ruleset/model.h"
#include "sets/key.h"
#include "sets/range.h"

namespace xdpctl::sets {

// REQUIRES: no part of the key is the name of an interface.
[[nodiscard]] KeyLayout layout_of(const ruleset::Set& set);

// Whether live elements are prefixes, as elements of the set can be ranges.
[[nodiscard]] inline bool is_ranged(const ruleset::Set& set) {
    return set.is_interval && set.key.size() == 1;
}

// Errors: Unsupported for ranges in a concatenation; Limit.
[[nodiscard]] Result<Bytes> image_of(const ruleset::Set& set);

// What image_of() was given. Errors: Failed when the image says something impossible.
[[nodiscard]] Result<ruleset::Elements> elements_of(std::span<const std::byte> image, const ruleset::Set& set);

}  // namespace xdpctl::sets
