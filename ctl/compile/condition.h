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

// Where a word comes from. Words of the frame are in network byte order there.
enum class Source : std::uint8_t {
    Packet,     // struct xdpctl_packet
    Link,       // the frame, with a tag that was taken off it as if it were there
    Network,    // the frame, from the network header
    Transport,  // the frame, from the transport header
    Fragment,   // the frame, from the IPv6 fragment header
    Mark,
    Priority,
    PacketType,
    Random,
    Cpu,
};

// Part of a field: `bytes` (1, 2 or 4) at `offset` of the source, of which the bits of `mask` count; those of `ones`
// are set.
struct Word {
    std::uint16_t offset;
    std::uint8_t bytes;
    std::uint32_t mask;
    Source source = Source::Packet;
    std::uint32_t ones = 0;
    bool is_free = false;  // of the frame, and may lie anywhere: no header's bit tells that it is there

    [[nodiscard]] unsigned bits() const { return bytes * 8U; }
    [[nodiscard]] std::uint32_t highest() const { return static_cast<std::uint32_t>((std::uint64_t{1} << bits()) - 1); }
    [[nodiscard]] bool in_packet() const { return source == Source::Packet; }
    bool operator==(const Word&) const = default;
};

struct Condition {
    std::uint32_t headers = 0;  // bits of enum xdpctl_header, all of which the packet must have
    std::vector<Word> words;    // most significant first
    // Values of the words put together, sorted; neither overlapping nor adjacent.
    std::vector<ruleset::Interval> holds;
    // Where the field's own bits are among the words'.
    unsigned shift = 0;
    unsigned bits = 0;

    [[nodiscard]] bool always() const;  // whatever the words are, and however short the packet
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
