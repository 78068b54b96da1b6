// SPDX-License-Identifier: BSD-2-Clause
// The hash of an image: sets of whole keys (maps/set.h).
#pragma once

#include <cstdint>
#include <span>

#include "maps/set.h"
#include "sets/range.h"

namespace xdpctl::sets {

// Words of the keys in a hash that holds keys of so many: 1, 2, 4 or 16.
[[nodiscard]] constexpr std::uint32_t hash_words(std::size_t words) {
    return words <= 2 ? static_cast<std::uint32_t>(words) : words <= 4 ? 4 : XDPCTL_SET_KEY_WORDS;
}

// Appends the hash of the keys, `words` each (as hash_words says), to the image. REQUIRES: no key is there twice.
// False when the keys were chosen so that they cannot be placed.
[[nodiscard]] bool append_hash(std::span<const std::uint32_t> keys, std::uint32_t words, xdpctl_set_head& head,
                               Bytes& image);

}  // namespace xdpctl::sets
