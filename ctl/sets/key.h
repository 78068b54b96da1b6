// SPDX-License-Identifier: BSD-2-Clause
// How the values of a set's key become the words that the datapath looks up (maps/set.h).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "maps/set.h"
#include "sets/range.h"

namespace xdpctl::sets {

// Every part of a key begins with a word of its own and is aligned to the left in it. A number of more than 32 bits
// that is the whole key has four words.
class KeyLayout {
public:
    // Bits of each part, none of them 0. REQUIRES: fits_key().
    explicit KeyLayout(std::vector<unsigned> bits);

    [[nodiscard]] static bool fits_key(std::span<const unsigned> bits);

    [[nodiscard]] std::size_t parts() const { return bits_.size(); }
    [[nodiscard]] bool is_number() const { return bits_.size() == 1; }
    // As many as the hash of such keys has: 1, 2, 4 or 16.
    [[nodiscard]] std::uint32_t words() const;

    // Where in a key the part's bits begin, counted from the left.
    [[nodiscard]] unsigned begin(std::size_t part) const { return begins_[part]; }
    [[nodiscard]] unsigned bits(std::size_t part) const { return bits_[part]; }

    // A value of each part.
    [[nodiscard]] xdpctl_set_key key(std::span<const Number128> values) const;
    // The value of one part.
    [[nodiscard]] Number128 value(const xdpctl_set_key& key, std::size_t part) const;

private:
    std::vector<unsigned> bits_;
    std::vector<unsigned> begins_;
};

}  // namespace xdpctl::sets
