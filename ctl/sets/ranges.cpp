// SPDX-License-Identifier: BSD-2-Clause
#include "sets/ranges.h"

#include <algorithm>
#include <bit>
#include <optional>

namespace xdpctl::sets {

namespace {

// A list this long is searched in a few steps within a few cache lines.
constexpr std::size_t list_max = 16;
constexpr unsigned fan_out_bits_min = 6;  // 64 bits in at most 11 levels
constexpr unsigned fan_out_bits_max = 16;

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

    void append_to(xdpctl_set_head& head, Bytes& image) {
        head.root = descriptor(0, boundaries_.size(), 64);
        head.tree = append<std::uint64_t>(image, tree_);
        head.boundaries = append<std::uint64_t>(image, boundaries_);
        head.fine = append<xdpctl_set_fine_range>(image, fine_);
        head.fine_count = static_cast<std::uint32_t>(fine_.size());
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

    // Of the numbers that differ in the lower `bits` only, among which are the boundaries from `first` to before `end`.
    std::uint64_t descriptor(std::size_t first, std::size_t end, unsigned bits) {
        const std::uint64_t held_before = first % 2;  // every boundary before changed it
        const std::size_t count = end - first;
        if (count == 0)
            return held_before;
        if (count <= list_max)
            return XDPCTL_SET_LIST | held_before << 2U | static_cast<std::uint64_t>(count) << 8U |
                   static_cast<std::uint64_t>(first) << 32U;
        return tree(first, end, bits);
    }

    std::uint64_t tree(std::size_t first, std::size_t end, unsigned bits) {
        const auto wanted = static_cast<unsigned>(std::bit_width((end - first) / (list_max / 2)));
        const unsigned chosen = std::min(bits, std::clamp(wanted, fan_out_bits_min, fan_out_bits_max));
        const unsigned shift = bits - chosen;
        const std::size_t base = tree_.size();
        const std::size_t children = std::size_t{1} << chosen;
        tree_.resize(base + children);
        const std::uint64_t prefix = bits == 64 ? 0 : boundaries_[first] >> bits << bits;
        for (std::size_t child = 0; child < children; ++child) {
            const std::uint64_t last = prefix | (child << shift) | ((std::uint64_t{1} << shift) - 1);
            const auto next = std::upper_bound(boundaries_.begin() + static_cast<std::ptrdiff_t>(first),
                                               boundaries_.begin() + static_cast<std::ptrdiff_t>(end), last);
            const auto child_end = static_cast<std::size_t>(next - boundaries_.begin());
            tree_[base + child] = child_descriptor(first, child_end, shift, prefix | (child << shift));
            first = child_end;
        }
        return XDPCTL_SET_TREE | static_cast<std::uint64_t>(shift) << 2U | static_cast<std::uint64_t>(chosen) << 8U |
               static_cast<std::uint64_t>(base) << 32U;
    }

    // A boundary where the numbers begin is behind all of them.
    std::uint64_t child_descriptor(std::size_t first, std::size_t end, unsigned bits, std::uint64_t begin) {
        if (first < end && boundaries_[first] == begin)
            ++first;
        return descriptor(first, end, bits);
    }

    std::vector<std::uint64_t> boundaries_;
    std::vector<std::uint64_t> tree_;
    std::vector<xdpctl_set_fine_range> fine_;
};

}  // namespace

void append_ranges(std::span<const Range128> ranges, xdpctl_set_head& head, Bytes& image) {
    Builder(ranges).append_to(head, image);
}

}  // namespace xdpctl::sets
