// SPDX-License-Identifier: BSD-2-Clause
// HyperSplit (Qi et al., INFOCOM 2009): a binary tree that halves the space, one dimension and threshold a node, until
// few boxes are left. Boxes that cross a threshold are copied to both sides; a budget for copies bounds the size, and a
// leaf is then simply longer.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "compile/tuple_tree/candidate.h"

namespace xdpctl::compile::tuple_tree {

template <std::size_t Words>
inline constexpr std::size_t dimensions = 2 * Words + XDPCTL_TUPLE_FIELDS;

template <std::size_t Words>
using Region = std::array<Range, dimensions<Words>>;

template <std::size_t Words>
Region<Words> whole_space() {
    Region<Words> region;
    region.fill({0, ~0U});
    region[2 * Words + XDPCTL_TUPLE_SPORT] = {0, 0xffff};
    region[2 * Words + XDPCTL_TUPLE_DPORT] = {0, 0xffff};
    region[2 * Words + XDPCTL_TUPLE_PROTO] = {0, 0xff};
    return region;
}

template <std::size_t Words>
Range extent(const Candidate<Words>& box, std::span<const Hints> hints, std::size_t dimension) {
    if (dimension < Words)
        return box.source.word(dimension);
    if (dimension < 2 * Words)
        return box.destination.word(dimension - Words);
    switch (dimension - 2 * Words) {
    case XDPCTL_TUPLE_SPORT:
        return {box.sport_first, box.sport_last};
    case XDPCTL_TUPLE_DPORT:
        return {box.dport_first, box.dport_last};
    case XDPCTL_TUPLE_PROTO:
        return box.has_proto() ? Range{box.value & 0xff, box.value & 0xff} : Range{0, 0xff};
    default:
        return hints[box.hints][dimension - 2 * Words - XDPCTL_TUPLE_ETHER_SADDR];
    }
}

struct SplitLimits {
    std::size_t leaf = 8;        // boxes a leaf should have at most
    std::size_t long_leaf = 64;  // boxes of a leaf worth twice the depth and `copies_most`
    unsigned depth = 22;
    double copies = 4;         // leaf entries that a box may become on average
    double copies_most = 12;   // while leaves are long
    bool drops_hidden = true;  // boxes that others come before: when evaluation passes over none of those
};

// Emit receives the tree in depth-first order and names its parts by numbers: node(dimension, threshold) and
// leaf(indices) return theirs, children(node, left, right) follows once both are known.
template <std::size_t Words, typename Emit>
class HyperSplit {
public:
    using Boxes = std::span<const Candidate<Words>>;
    using Indices = std::vector<std::uint32_t>;

    HyperSplit(Boxes boxes, std::span<const Hints> hints, const SplitLimits& limits, Emit& emit)
        : boxes_(boxes), hints_(hints), limits_(limits), emit_(emit) {}

    // REQUIRES: `indices` sorted by order; packets that reach the tree lie in `region`.
    // Returns the root.
    std::uint32_t build(Indices indices, const Region<Words>& region) {
        const double budget = static_cast<double>(indices.size()) * limits_.copies_most;
        return split(std::move(indices), region, 0, budget);
    }

    // Boxes for whose sake others were left out.
    [[nodiscard]] const Indices& hiding() const { return hiding_; }
    [[nodiscard]] unsigned depth() const { return depth_; }
    [[nodiscard]] std::size_t longest_leaf() const { return longest_leaf_; }

private:
    // Where a node cuts, and how many boxes each side gets.
    struct Cut {
        std::size_t dimension = 0;
        std::uint32_t threshold = 0;
        std::size_t left = 0, right = 0;
    };

    std::uint32_t split(Indices indices, Region<Words> region, unsigned depth, double budget) {
        depth_ = std::max(depth_, depth);
        shrink(region, indices);
        if (limits_.drops_hidden)
            drop_hidden(indices, region);
        const unsigned deepest = indices.size() > limits_.long_leaf ? 2 * limits_.depth : limits_.depth;
        if (indices.size() <= limits_.leaf || depth >= deepest)
            return leaf(indices);
        const Cut cut = best_cut(indices, region);
        if (!worth_it(cut, indices.size(), budget))
            return leaf(indices);

        auto [left, right] = divide(indices, cut);
        const double share = budget * static_cast<double>(cut.left) / static_cast<double>(cut.left + cut.right);
        Indices().swap(indices);
        const Range range = region[cut.dimension];
        const std::uint32_t node = emit_.node(cut.dimension, cut.threshold);
        region[cut.dimension] = {range.first, cut.threshold};
        const std::uint32_t left_child = split(std::move(left), region, depth + 1, share);
        region[cut.dimension] = {cut.threshold + 1, range.last};
        emit_.children(node, left_child, split(std::move(right), region, depth + 1, budget - share));
        return node;
    }

    [[nodiscard]] bool worth_it(const Cut& cut, std::size_t boxes, double budget) const {
        const std::size_t larger = std::max(cut.left, cut.right);
        if (cut.left == 0)
            return false;
        const auto copies = static_cast<double>(cut.left + cut.right);
        if (boxes > limits_.long_leaf)
            return copies <= budget;
        const bool progress = boxes > 32 || static_cast<double>(larger) <= 0.97 * static_cast<double>(boxes);
        return progress && copies <= budget * limits_.copies / limits_.copies_most;
    }

    std::uint32_t leaf(const Indices& indices) {
        longest_leaf_ = std::max(longest_leaf_, indices.size());
        return emit_.leaf(std::span<const std::uint32_t>(indices));
    }

    [[nodiscard]] Range extent_of(std::uint32_t index, std::size_t dimension) const {
        return extent<Words>(boxes_[index], hints_, dimension);
    }

    // To what the boxes have of it: no other packet matches one of them, whichever leaf it comes to.
    void shrink(Region<Words>& region, const Indices& indices) const {
        for (std::size_t dimension = 0; dimension < dimensions<Words>; ++dimension) {
            Range& range = region[dimension];
            Range hull{range.last, range.first};
            for (const std::uint32_t index : indices) {
                const Range box = extent_of(index, dimension);
                hull.first = std::min(hull.first, std::max(box.first, range.first));
                hull.last = std::max(hull.last, std::min(box.last, range.last));
                if (hull.first == range.first && hull.last == range.last)
                    break;
            }
            range = hull;
        }
    }

    // Whether every packet of the region that meets the box's bits matches it, and evaluation ends there.
    [[nodiscard]] bool covers(const Candidate<Words>& box, const Region<Words>& region) const {
        if ((box.action & (XDPCTL_TUPLE_FINAL | XDPCTL_TUPLE_LIMIT | XDPCTL_TUPLE_RESIDUAL)) != XDPCTL_TUPLE_FINAL)
            return false;
        for (std::size_t dimension = 0; dimension < dimensions<Words>; ++dimension) {
            const Range range = extent<Words>(box, hints_, dimension);
            if (range.first > region[dimension].first || range.last < region[dimension].last)
                return false;
        }
        return true;
    }

    // Takes out boxes that can never be the first match here: one before them covers the region and demands no bit
    // that they do not demand too.
    void drop_hidden(Indices& indices, const Region<Words>& region) {
        constexpr std::size_t covers_max = 4;
        std::size_t found = 0;
        for (std::size_t place = 0; place + 1 < indices.size() && found < covers_max; ++place) {
            const Candidate<Words>& cover = boxes_[indices[place]];
            if (!covers(cover, region))
                continue;
            ++found;
            const auto hidden = [&](std::uint32_t index) {
                const Candidate<Words>& box = boxes_[index];
                return (box.mask & cover.mask) == cover.mask && ((box.value ^ cover.value) & cover.mask) == 0;
            };
            const auto behind = indices.begin() + static_cast<std::ptrdiff_t>(place) + 1;
            const auto rest = std::remove_if(behind, indices.end(), hidden);
            if (rest != indices.end())
                hiding_.push_back(indices[place]);
            indices.erase(rest, indices.end());
        }
    }

    // Minimises the larger side plus half the sum, over up to `samples` ends of boxes in each dimension. No side may
    // have all boxes, as with an end outside of most of them.
    Cut best_cut(const Indices& indices, const Region<Words>& region) {
        constexpr std::size_t samples = 32;
        Cut best;
        double best_score = 0;
        for (std::size_t dimension = 0; dimension < dimensions<Words>; ++dimension) {
            collect_ends(indices, region, dimension);
            if (ends_.empty())
                continue;
            std::ranges::sort(firsts_);
            std::ranges::sort(lasts_);
            std::ranges::sort(ends_);
            ends_.erase(std::unique(ends_.begin(), ends_.end()), ends_.end());
            const std::size_t step = std::max<std::size_t>(1, ends_.size() / samples);
            for (std::size_t end = step / 2; end < ends_.size(); end += step) {
                const std::uint32_t threshold = ends_[end];
                const auto left =
                    static_cast<std::size_t>(std::ranges::upper_bound(firsts_, threshold) - firsts_.begin());
                const auto right = static_cast<std::size_t>(lasts_.end() - std::ranges::upper_bound(lasts_, threshold));
                const std::size_t larger = std::max(left, right);
                if (larger == indices.size())
                    continue;
                const double score = static_cast<double>(larger) + 0.5 * static_cast<double>(left + right);
                if (best.left == 0 || score < best_score) {
                    best_score = score;
                    best = {dimension, threshold, left, right};
                }
            }
        }
        return best;
    }

    void collect_ends(const Indices& indices, const Region<Words>& region, std::size_t dimension) {
        const Range bounds = region[dimension];
        firsts_.clear();
        lasts_.clear();
        ends_.clear();
        for (const std::uint32_t index : indices) {
            const Range range = extent_of(index, dimension);
            const std::uint32_t first = std::max(range.first, bounds.first);
            const std::uint32_t last = std::min(range.last, bounds.last);
            firsts_.push_back(first);
            lasts_.push_back(last);
            if (first > bounds.first)
                ends_.push_back(first - 1);
            if (last < bounds.last)
                ends_.push_back(last);
        }
    }

    std::pair<Indices, Indices> divide(const Indices& indices, const Cut& cut) const {
        std::pair<Indices, Indices> sides;
        sides.first.reserve(cut.left);
        sides.second.reserve(cut.right);
        for (const std::uint32_t index : indices) {
            const Range range = extent_of(index, cut.dimension);
            if (range.first <= cut.threshold)
                sides.first.push_back(index);
            if (range.last > cut.threshold)
                sides.second.push_back(index);
        }
        return sides;
    }

    Boxes boxes_;
    std::span<const Hints> hints_;
    SplitLimits limits_;
    Emit& emit_;
    unsigned depth_ = 0;
    std::size_t longest_leaf_ = 0;
    Indices hiding_;
    std::vector<std::uint32_t> firsts_, lasts_, ends_;  // of best_cut
};

}  // namespace xdpctl::compile::tuple_tree
