// SPDX-License-Identifier: BSD-2-Clause
// A lookup in the terms of struct xdpctl_packet: which headers must be there, and from which words the key is put
// together.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "compile/condition.h"

namespace xdpctl::compile {

// A part of a key's word: bits of a word of the packet, shifted to the right, then to the left.
struct KeyPiece {
    Word word;
    std::uint8_t key_word;
    std::uint8_t right;
    std::uint8_t left;
    bool operator==(const KeyPiece&) const = default;
};

struct SetTest {
    std::uint32_t headers = 0;            // bits of enum xdpctl_header, all of which the packet must have
    std::uint32_t number = 0;             // of the set in the chain
    bool negated = false;                 // holds for what the set does not hold
    bool counts = false;                  // the set's elements have counters
    std::optional<ruleset::Field> field;  // that is the whole key
    std::uint32_t words = 0;              // of the key; those without a piece are 0
    std::vector<KeyPiece> pieces;

    // Where the packet has the whole key as it is looked up.
    [[nodiscard]] std::optional<std::uint16_t> in_packet() const;
};

// `number` is the set's; the places are those of the lookup's fields: conditions on any of their values.
[[nodiscard]] SetTest set_test(const ruleset::Lookup& lookup, std::span<const Condition> places,
                               const ruleset::Set& set, std::uint32_t number);

}  // namespace xdpctl::compile
