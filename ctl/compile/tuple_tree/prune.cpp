// SPDX-License-Identifier: BSD-2-Clause
#include "compile/tuple_tree/prune.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace xdpctl::compile::tuple_tree {

namespace {

using List = std::array<std::uint16_t, XDPCTL_TUPLE_PRUNE_SIZE>;

template <std::size_t Words>
using AddressOf = Prefix<Words> Candidate<Words>::*;

// Values of the window that addresses inside the prefix have.
template <std::size_t Words>
Range window_values(const Prefix<Words>& prefix, const xdpctl_tuple_window& window) {
    constexpr std::uint32_t all = XDPCTL_TUPLE_PRUNE_SIZE - 1;
    const unsigned start = 32 * window.word + 32 - XDPCTL_TUPLE_PRUNE_BITS - window.shift;
    if (prefix.length <= start)
        return {0, all};
    const unsigned fixed = std::min<unsigned>(prefix.length - start, XDPCTL_TUPLE_PRUNE_BITS);
    const std::uint32_t value = prefix.words[window.word] >> window.shift & all;
    return {value, value | all >> fixed};
}

template <std::size_t Words>
List make_list(std::span<const Candidate<Words>> candidates, std::span<const Group> groups, AddressOf<Words> address,
               const xdpctl_tuple_window& window) {
    List list{};
    for (std::size_t table = 0; table < groups.size(); ++table) {
        // How many more ranges begin than end at each value.
        std::array<std::int32_t, XDPCTL_TUPLE_PRUNE_SIZE + 1> change{};
        for (const std::uint32_t index : groups[table].members) {
            const Range range = window_values<Words>(candidates[index].*address, window);
            ++change[range.first];
            --change[range.last + 1];
        }
        std::int32_t open = 0;
        for (std::size_t value = 0; value < list.size(); ++value) {
            open += change[value];
            if (open > 0)
                list[value] = static_cast<std::uint16_t>(list[value] | 1U << table);
        }
    }
    return list;
}

// Tables that a packet of a candidate's own address still has to look at, summed over candidates.
template <std::size_t Words>
std::uint64_t cost(std::span<const Candidate<Words>> candidates, AddressOf<Words> address,
                   const xdpctl_tuple_window& window, const List& list) {
    std::uint64_t tables = 0;
    for (const Candidate<Words>& candidate : candidates)
        tables += static_cast<unsigned>(std::popcount(list[window_values<Words>(candidate.*address, window).first]));
    return tables;
}

template <std::size_t Words>
xdpctl_tuple_window fill_list(std::span<const Candidate<Words>> candidates, std::span<const Group> groups,
                              AddressOf<Words> address, std::span<std::uint16_t> out) {
    constexpr std::uint32_t highest_shift = 32 - XDPCTL_TUPLE_PRUNE_BITS, stride = 4;
    xdpctl_tuple_window best{0, highest_shift};
    std::uint64_t best_cost = ~std::uint64_t{0};
    for (std::uint32_t word = 0; word < Words; ++word)
        for (std::uint32_t up = 0; up <= highest_shift; up += stride) {
            const xdpctl_tuple_window window{word, highest_shift - up};
            const List list = make_list<Words>(candidates, groups, address, window);
            const std::uint64_t tables = cost<Words>(candidates, address, window, list);
            if (tables >= best_cost)
                continue;
            best_cost = tables;
            best = window;
            std::ranges::copy(list, out.begin());
        }
    return best;
}

}  // namespace

template <std::size_t Words>
Windows fill_prune(std::span<const Candidate<Words>> candidates, std::span<const Group> groups,
                   xdpctl_tuple_prune& prune) {
    for (std::size_t table = 0; table < groups.size(); ++table)
        for (const std::uint32_t index : groups[table].members) {
            const Candidate<Words>& candidate = candidates[index];
            const auto bit = static_cast<std::uint16_t>(1U << table);
            if (candidate.has_proto())
                prune.proto[candidate.value & 0xff] |= bit;
            else
                for (std::uint16_t& tables : prune.proto)
                    tables |= bit;
        }
    return {fill_list<Words>(candidates, groups, &Candidate<Words>::source, prune.source),
            fill_list<Words>(candidates, groups, &Candidate<Words>::destination, prune.destination)};
}

template Windows fill_prune<1>(std::span<const Candidate<1>>, std::span<const Group>, xdpctl_tuple_prune&);
template Windows fill_prune<4>(std::span<const Candidate<4>>, std::span<const Group>, xdpctl_tuple_prune&);

}  // namespace xdpctl::compile::tuple_tree
