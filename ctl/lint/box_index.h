// SPDX-License-Identifier: BSD-2-Clause
// Finds the boxes that can have a packet in common with another one without looking at all of them: each query goes by
// the axis that leaves the fewest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "lint/box.h"

namespace xdpctl::lint {

class BoxIndex {
public:
    // The boxes stay where they are as long as the index lives.
    explicit BoxIndex(std::span<const Box> boxes);

    // Appends the numbers of the boxes in front of number `end` that may not be disjoint from `box`, in order. Takes
    // from `work` a comparison for each box that it looks at; false when that is not enough.
    [[nodiscard]] bool find(const Box& box, std::size_t end, std::uint64_t& work, std::vector<std::size_t>& out) const;

private:
    // From the first to the last value that a box has on an axis.
    struct Reach {
        Axes::Id axis = 0;
        ruleset::Interval values;
    };
    // The reaches on one axis, by where they begin, with what finds those that end behind a value.
    struct AxisIndex {
        std::vector<ruleset::Interval> reaches;
        std::vector<std::size_t> boxes;         // of each reach
        std::vector<ruleset::Value> lasts;      // sorted
        std::vector<ruleset::Value> last_in;    // the highest end in each part of `reaches`, a binary heap of parts
        std::vector<std::size_t> unrestricted;  // boxes that have all values

        void build();
        [[nodiscard]] std::size_t count(const ruleset::Interval& values) const;
        void for_each(const ruleset::Interval& values, const auto& action) const;
    };

    [[nodiscard]] static std::vector<Reach> reaches_of(const Box& box);
    [[nodiscard]] std::span<const Reach> reaches(std::size_t box) const;

    std::span<const Box> boxes_;
    std::vector<Reach> reaches_;      // of all boxes, one behind the other, by axis
    std::vector<std::size_t> begin_;  // of each box in it, and the end
    std::vector<AxisIndex> axes_;
};

}  // namespace xdpctl::lint
