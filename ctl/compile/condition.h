// SPDX-License-Identifier: BSD-2-Clause
// A match in the terms of struct xdpctl_packet: which headers must be there, which words to load, and for which values
// of those words the match holds. Relations, masks, flags and names are gone.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "compile/compile.h"

namespace xdpctl::compile {

// Part of a field in struct xdpctl_packet: `bytes` (1, 2 or 4) at `offset`, of which the bits of `mask` count.
struct Word {
    std::uint16_t offset;
    std::uint8_t bytes;
    std::uint32_t mask;

    [[nodiscard]] unsigned bits() const { return bytes * 8U; }
    [[nodiscard]] std::uint32_t highest() const { return static_cast<std::uint32_t>((std::uint64_t{1} << bits()) - 1); }
    bool operator==(const Word&) const = default;
};

struct Condition {
    std::uint32_t headers = 0;  // bits of enum xdpctl_header, all of which the packet must have
    std::vector<Word> words;    // most significant first
    // Values of the words put together, sorted; neither overlapping nor adjacent.
    std::vector<ruleset::Interval> holds;

    [[nodiscard]] bool always() const;  // whatever the words are
    [[nodiscard]] bool never() const { return holds.empty(); }
};

// Values of one word without which a condition cannot hold.
struct Hull {
    Word word;
    std::uint32_t first;
    std::uint32_t last;
};

// The least significant word that the condition confines to a single run of values; none when it confines none.
[[nodiscard]] std::optional<Hull> hull(const Condition& condition);

[[nodiscard]] Condition condition(const ruleset::Match& match, std::span<const std::string> device_names);

}  // namespace xdpctl::compile
