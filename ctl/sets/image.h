// SPDX-License-Identifier: BSD-2-Clause
// The image of a set (maps/set.h): what the datapath looks keys up in. Pure and deterministic.
#pragma once

#include <cstdint>
#include <span>

#include "base/error.h"
#include "maps/set.h"
#include "sets/range.h"

namespace xdpctl::sets {

// Puts the elements, as they are listed, behind an image. `keys` are theirs, element by element and part by part.
void append_elements(Bytes& image, std::span<const std::byte> keys, bool wide, std::uint64_t count,
                     std::span<const std::byte> notes);

// Ranges are sorted and do not overlap; neighbours may touch. Errors: Limit, for a set that has no image.
[[nodiscard]] Result<Bytes> make_image(std::span<const Range32> ranges);
[[nodiscard]] Result<Bytes> make_image(std::span<const Range128> ranges);
// Whole keys of `words` words each, every one of them once.
[[nodiscard]] Result<Bytes> make_image(std::span<const std::uint32_t> keys, std::uint32_t words);

[[nodiscard]] inline const xdpctl_set_head& head_of(std::span<const std::byte> image) {
    return *reinterpret_cast<const xdpctl_set_head*>(image.data());
}

// What a program would say. `image` may be one that runs, mapped into memory. REQUIRES: `size` is what was made, or
// more.
[[nodiscard]] bool holds(std::span<const std::byte> image, const xdpctl_set_key& key);

}  // namespace xdpctl::sets
