// SPDX-License-Identifier: BSD-2-Clause
// The packets that a rule matches as a box: headers that must be there, and for each axis (a field as the datapath
// compares it) the values that it may have. What one packet cannot have is left to the axes to say: boxes may hold
// packets that do not exist, so that a box inside others proves that every packet of it is in them, and an empty box
// that there is none. What is not the same each time a packet is asked for it has an axis of its own each time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compile/condition.h"
#include "ruleset/model.h"

namespace xdpctl::lint {

using Values = std::vector<ruleset::Interval>;  // sorted, neither overlapping nor adjacent

[[nodiscard]] Values intersection(const Values& a, const Values& b);
[[nodiscard]] Values difference(const Values& a, const Values& b);
[[nodiscard]] bool contains(const Values& outer, const Values& inner);
[[nodiscard]] bool overlaps(const Values& a, const Values& b);

// Numbers the axes of a chain's boxes.
class Axes {
public:
    using Id = std::uint32_t;
    [[nodiscard]] Id id(const std::vector<compile::Word>& words);
    // All values that the axis can have.
    [[nodiscard]] const ruleset::Interval& whole(Id axis) const { return axes_[axis].whole; }
    // Whether a packet may lack it although it has all headers: then only a side says that it is there.
    [[nodiscard]] bool can_be_missing(Id axis) const { return axes_[axis].can_be_missing; }

private:
    struct Axis {
        std::vector<compile::Word> words;
        ruleset::Interval whole;
        bool can_be_missing = false;
    };
    std::vector<Axis> axes_;
};

struct Side {
    Axes::Id axis = 0;
    Values values;
};

struct Box {
    std::uint32_t headers = 0;  // with those that they imply
    std::vector<Side> sides;    // by axis; an axis that is not there has all its values
    // Lookups in named sets, whose elements may change while the rule stays: only the same lookup covers them.
    std::vector<ruleset::Lookup> lookups;
    bool is_empty = false;

    [[nodiscard]] const Values* side(Axes::Id axis) const;
    // Whether every packet of the other is in this one.
    [[nodiscard]] bool covers(const Box& other) const;
    // Whether it is certain that no packet is in both.
    [[nodiscard]] bool is_disjoint(const Box& other) const;
};

// Of the packets that all matches of the rule hold for.
[[nodiscard]] Box matched_box(const ruleset::Rule& rule, std::span<const std::string> devices, Axes& axes);
// Of those that come to its first counter, log, limit or verdict: for all others the rule does nothing.
[[nodiscard]] Box touched_box(const ruleset::Rule& rule, std::span<const std::string> devices, Axes& axes);

// The index of the statement that leaves nothing of the packets that those in front of it hold for; nothing when
// packets come through all of them.
[[nodiscard]] std::optional<std::size_t> excluding_statement(const ruleset::Rule& rule,
                                                             std::span<const std::string> devices, Axes& axes);

// Whether the boxes together cover `box`. Gives up, with nothing, when it would take more than `work` comparisons;
// takes from `work` what it took. `used` gets the places of the boxes that took a part.
[[nodiscard]] std::optional<bool> covered(const Box& box, std::span<const Box* const> boxes, const Axes& axes,
                                          std::uint64_t& work, std::vector<std::size_t>& used);

}  // namespace xdpctl::lint
