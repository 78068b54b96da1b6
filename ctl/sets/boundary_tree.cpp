// SPDX-License-Identifier: BSD-2-Clause
#include "sets/boundary_tree.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "maps/set.h"

namespace xdpctl::sets {

namespace {

// A list this long is searched in a few steps within a few cache lines.
constexpr std::size_t list_max = 16;
constexpr unsigned fan_out_bits_min = 6;  // 64 bits in at most 11 levels
constexpr unsigned fan_out_bits_max = 16;

}  // namespace

BoundaryTree::BoundaryTree(std::span<const std::uint64_t> boundaries, Content content)
    : boundaries_(boundaries), content_(std::move(content)), root_(descriptor(0, boundaries.size(), 64)) {}

// Of the numbers that differ in the lower `bits` only, among which are the boundaries from `first` to before `end`.
std::uint64_t BoundaryTree::descriptor(std::size_t first, std::size_t end, unsigned bits) {
    const std::size_t count = end - first;
    if (count == 0)
        return content_(first);
    if (count <= list_max)
        return XDPCTL_SET_LIST | static_cast<std::uint64_t>(count) << 8U | static_cast<std::uint64_t>(first) << 32U;
    return tree(first, end, bits);
}

std::uint64_t BoundaryTree::tree(std::size_t first, std::size_t end, unsigned bits) {
    const auto wanted = static_cast<unsigned>(std::bit_width((end - first) / (list_max / 2)));
    const unsigned chosen = std::min(bits, std::clamp(wanted, fan_out_bits_min, fan_out_bits_max));
    const unsigned shift = bits - chosen;
    const std::size_t base = tree_.size();
    const std::size_t children = std::size_t{1} << chosen;
    tree_.resize(base + children);
    const std::uint64_t prefix = bits == 64 ? 0 : boundaries_[first] >> bits << bits;
    for (std::size_t child = 0; child < children; ++child) {
        const std::uint64_t begin = prefix | (child << shift);
        const std::uint64_t last = begin | ((std::uint64_t{1} << shift) - 1);
        const auto next = std::upper_bound(boundaries_.begin() + static_cast<std::ptrdiff_t>(first),
                                           boundaries_.begin() + static_cast<std::ptrdiff_t>(end), last);
        const auto child_end = static_cast<std::size_t>(next - boundaries_.begin());
        // A boundary where the child's numbers begin is behind all of them.
        const std::size_t child_first = first < child_end && boundaries_[first] == begin ? first + 1 : first;
        tree_[base + child] = descriptor(child_first, child_end, shift);
        first = child_end;
    }
    return XDPCTL_SET_TREE | static_cast<std::uint64_t>(shift) << 2U | static_cast<std::uint64_t>(chosen) << 8U |
           static_cast<std::uint64_t>(base) << 32U;
}

}  // namespace xdpctl::sets
