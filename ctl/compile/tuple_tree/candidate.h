// SPDX-License-Identifier: BSD-2-Clause
// A chain as the tuple-tree builder sees it: boxes over the base fields (addresses, ports, protocol, header and TCP
// flag bits), everything else as residual tests.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "maps/tuple_tree.h"

namespace xdpctl::compile::tuple_tree {

struct Range {
    std::uint32_t first;
    std::uint32_t last;
    bool operator==(const Range&) const = default;
};

// Of an address of one (IPv4) or four (IPv6) words; the bits behind `length` are 0.
template <std::size_t Words>
struct Prefix {
    std::array<std::uint32_t, Words> words{};
    std::uint8_t length = 0;

    // The values that a word of an address inside the prefix can have.
    [[nodiscard]] Range word(std::size_t index) const {
        const unsigned before = 32 * static_cast<unsigned>(index);
        if (length <= before)
            return {0, ~0U};
        if (length >= before + 32)
            return {words[index], words[index]};
        return {words[index], words[index] | (~0U >> (length - before))};
    }
};

template <std::size_t Words>
Prefix<Words> truncated(Prefix<Words> prefix, std::uint8_t length) {
    for (std::size_t word = 0; word < Words; ++word) {
        const auto kept = static_cast<unsigned>(std::clamp<int>(length - 32 * static_cast<int>(word), 0, 32));
        prefix.words[word] &= kept == 0 ? 0 : ~0U << (32 - kept);
    }
    prefix.length = length;
    return prefix;
}

// Fields that only trees look at, as hints: the residual tests decide. In the order of enum xdpctl_tuple_dimension
// from XDPCTL_TUPLE_ETHER_SADDR on.
inline constexpr std::size_t hint_count = XDPCTL_TUPLE_FIELDS - XDPCTL_TUPLE_ETHER_SADDR;
using Hints = std::array<Range, hint_count>;

// A part of a rule that is one box. A rule with sets has several, all of the same order.
template <std::size_t Words>
struct Candidate {
    Prefix<Words> source, destination;
    std::uint16_t sport_first = 0, sport_last = 0xffff;
    std::uint16_t dport_first = 0, dport_last = 0xffff;
    std::uint32_t value = 0, mask = 0;  // of the key's bits; the protocol is all or nothing
    std::uint32_t order = 0;
    std::uint32_t action = 0;  // as in the record, without XDPCTL_TUPLE_LAST
    std::uint32_t hints = 0;   // index into Candidates::hints

    [[nodiscard]] bool has_proto() const { return (mask & 0xff) == 0xff; }
    [[nodiscard]] bool has_sport() const { return sport_first == sport_last; }
    [[nodiscard]] bool has_dport() const { return dport_first == dport_last; }
};

struct Candidates {
    std::vector<Candidate<1>> ipv4;  // for all packets that are not IPv6
    std::vector<Candidate<4>> ipv6;
    std::vector<Hints> hints;                // [0]: no hint
    std::vector<std::uint32_t> residual_of;  // by order: XDPCTL_RESIDUAL_*; empty when no rule has any test
    std::vector<xdpctl_residual> residuals;
    std::vector<xdpctl_residual_interval> intervals;
    std::vector<std::uint32_t> resume_at;  // by order: the order to go on from; empty when that is always the next one
    std::vector<xdpctl_tuple_limit> limits;          // by order; empty when no step has one
    std::vector<std::vector<std::uint32_t>> joints;  // numbers of the sets that share a lookup, by their bits
    std::uint32_t orders = 0;
    bool resumes = false;
    bool logs = false;
    bool looks_up = false;
};

}  // namespace xdpctl::compile::tuple_tree
