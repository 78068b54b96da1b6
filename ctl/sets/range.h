// SPDX-License-Identifier: BSD-2-Clause
// What the parts of an image are built from: inclusive ranges of numbers that are aligned to the left of their words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ruleset/elements.h"

namespace xdpctl::sets {

using Number128 = ruleset::Value;
using Range32 = ruleset::NarrowInterval;
using Range128 = ruleset::Interval;

using Bytes = std::vector<std::byte>;

// Appends the values' bytes, and returns where they begin: at a multiple of a cache line.
template <typename T>
std::uint32_t append(Bytes& bytes, std::span<const T> values) {
    constexpr std::size_t line = 64;
    const std::size_t offset = (bytes.size() + line - 1) / line * line;
    const auto raw = std::as_bytes(values);
    bytes.resize(offset);
    bytes.insert(bytes.end(), raw.begin(), raw.end());
    return static_cast<std::uint32_t>(offset);
}

}  // namespace xdpctl::sets
