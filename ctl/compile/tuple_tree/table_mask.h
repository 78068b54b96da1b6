// SPDX-License-Identifier: BSD-2-Clause
// A table's mask in the form that programs use, and hashes of candidates under it.
#pragma once

#include <cstdint>
#include <type_traits>

#include "compile/tuple_tree/candidate.h"
#include "maps/tuple_tree.h"

namespace xdpctl::compile::tuple_tree {

struct Mask {
    std::uint8_t source = 0;  // prefix lengths
    std::uint8_t destination = 0;
    bool sport = false;
    bool dport = false;
    bool proto = false;

    [[nodiscard]] bool none() const { return source == 0 && destination == 0 && !sport && !dport && !proto; }
};

inline std::uint64_t tuple_mask(const Mask& mask) {
    return xdpctl_tuple_word(mask.sport ? 0xffff : 0, mask.dport ? 0xffff : 0, mask.proto ? 0xff : 0);
}

template <std::size_t Words>
std::uint64_t tuple_word(const Candidate<Words>& candidate) {
    return xdpctl_tuple_word(candidate.sport_first, candidate.dport_first, candidate.value & 0xff);
}

// Two words of an address, from the most significant.
template <std::size_t Words>
std::uint64_t address_half(const Prefix<Words>& prefix, std::size_t half) {
    return std::uint64_t{prefix.words[2 * half]} << 32 | prefix.words[2 * half + 1];
}

// 64 bits of a prefix mask, `from` bits behind its start.
inline std::uint64_t prefix_mask(unsigned length, unsigned from) {
    if (length <= from)
        return 0;
    return length - from >= 64 ? ~std::uint64_t{0} : ~(~std::uint64_t{0} >> (length - from));
}

template <std::size_t Words>
using Table = std::conditional_t<Words == 1, xdpctl_tuple_table4, xdpctl_tuple_table6>;

// A table's mask; everything else is left 0.
template <std::size_t Words>
Table<Words> make_table(const Mask& mask) {
    Table<Words> table{};
    if constexpr (Words == 1) {
        table.addresses = (prefix_mask(mask.source, 0) >> 32) << 32 | prefix_mask(mask.destination, 0) >> 32;
    } else {
        for (unsigned half = 0; half < 2; ++half) {
            table.source[half] = prefix_mask(mask.source, 64 * half);
            table.destination[half] = prefix_mask(mask.destination, 64 * half);
        }
    }
    table.tuple = tuple_mask(mask);
    return table;
}

inline std::uint64_t masked_hash(const Candidate<1>& candidate, const xdpctl_tuple_table4& table) {
    const std::uint64_t addresses = std::uint64_t{candidate.source.words[0]} << 32 | candidate.destination.words[0];
    return xdpctl_tuple_hash4(addresses & table.addresses, tuple_word(candidate) & table.tuple);
}

inline std::uint64_t masked_hash(const Candidate<4>& candidate, const xdpctl_tuple_table6& table) {
    return xdpctl_tuple_hash6(
        address_half(candidate.source, 0) & table.source[0], address_half(candidate.source, 1) & table.source[1],
        address_half(candidate.destination, 0) & table.destination[0],
        address_half(candidate.destination, 1) & table.destination[1], tuple_word(candidate) & table.tuple);
}

}  // namespace xdpctl::compile::tuple_tree
