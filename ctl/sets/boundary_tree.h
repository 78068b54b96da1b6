// SPDX-License-Identifier: BSD-2-Clause
// The radix tree over sorted boundaries (maps/set.h): a number's upper bits lead to the few that are near.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace xdpctl::sets {

class BoundaryTree {
public:
    // The descriptor of numbers that all have so many of the boundaries below or at them.
    using Content = std::function<std::uint64_t(std::size_t boundaries)>;

    // REQUIRES: the boundaries are sorted, none is there twice.
    BoundaryTree(std::span<const std::uint64_t> boundaries, Content content);

    [[nodiscard]] std::uint64_t root() const { return root_; }
    [[nodiscard]] std::span<const std::uint64_t> descriptors() const { return tree_; }

private:
    std::uint64_t descriptor(std::size_t first, std::size_t end, unsigned bits);
    std::uint64_t tree(std::size_t first, std::size_t end, unsigned bits);

    std::span<const std::uint64_t> boundaries_;
    Content content_;
    std::vector<std::uint64_t> tree_;
    std::uint64_t root_;
};

}  // namespace xdpctl::sets
