// SPDX-License-Identifier: BSD-2-Clause
#include "sets/ranges.h"

#include <optional>

#include "sets/boundary_tree.h"

namespace xdpctl::sets {

namespace {

constexpr std::uint64_t high_of(Number128 number) {
    return static_cast<std::uint64_t>(number >> 64U);
}
constexpr std::uint64_t low_of(Number128 number) {
    return static_cast<std::uint64_t>(number);
}
constexpr std::uint64_t all_ones = ~std::uint64_t{0};

class Builder {
public:
    explicit Builder(std::span<const Range128> ranges) {
        for (const Range128& range : ranges)
            split(range);
    }

    void append_to(xdpctl_set_head& head, Bytes& image) const {
        // Every boundary changes whether the set holds what follows.
        const BoundaryTree tree(boundaries_, [](std::size_t boundaries) { return boundaries % 2; });
        head.parts.root = tree.root();
        head.parts.tree = append<std::uint64_t>(image, tree.descriptors());
        head.parts.boundaries = append<std::uint64_t>(image, boundaries_);
        head.parts.fine = append<xdpctl_set_fine_range>(image, fine_);
        head.parts.fine_count = static_cast<std::uint32_t>(fine_.size());
    }

private:
    // A range is whole values of the upper half, and what is left at both ends.
    void split(const Range128& range) {
        std::uint64_t first = high_of(range.first);
        std::uint64_t last = high_of(range.last);
        if (first == last) {
            if (low_of(range.first) == 0 && low_of(range.last) == all_ones)
                add_whole(first, last);
            else
                fine_.push_back({first, low_of(range.first), low_of(range.last), 0});
            return;
        }
        if (low_of(range.first) != 0)
            fine_.push_back({first++, low_of(range.first), all_ones, 0});
        const std::optional<xdpctl_set_fine_range> end =
            low_of(range.last) == all_ones ? std::nullopt
                                           : std::optional(xdpctl_set_fine_range{last, 0, low_of(range.last), 0});
        if (!end)
            add_whole(first, last);
        else if (first < last)
            add_whole(first, last - 1);
        if (end)
            fine_.push_back(*end);
    }

    void add_whole(std::uint64_t first, std::uint64_t last) {
        if (!boundaries_.empty() && boundaries_.back() == first)
            boundaries_.pop_back();  // goes on where the one before ended
        else
            boundaries_.push_back(first);
        if (last != all_ones)
            boundaries_.push_back(last + 1);
    }

    std::vector<std::uint64_t> boundaries_;
    std::vector<xdpctl_set_fine_range> fine_;
};

}  // namespace

void append_ranges(std::span<const Range128> ranges, xdpctl_set_head& head, Bytes& image) {
    Builder(ranges).append_to(head, image);
}

}  // namespace xdpctl::sets
