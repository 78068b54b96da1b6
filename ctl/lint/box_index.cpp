// SPDX-License-Identifier: BSD-2-Clause
#include "lint/box_index.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace xdpctl::lint {

using ruleset::Interval;
using ruleset::Value;

namespace {

bool meet(const Interval& a, const Interval& b) {
    return a.first <= b.last && b.first <= a.last;
}

}  // namespace

std::vector<BoxIndex::Reach> BoxIndex::reaches_of(const Box& box) {
    std::vector<Reach> out;
    for (const Side& side : box.sides)
        if (!side.values.empty())
            out.push_back({side.axis, {side.values.front().first, side.values.back().last}});
    return out;
}

std::span<const BoxIndex::Reach> BoxIndex::reaches(std::size_t box) const {
    return std::span(reaches_).subspan(begin_[box], begin_[box + 1] - begin_[box]);
}

BoxIndex::BoxIndex(std::span<const Box> boxes) : boxes_(boxes) {
    std::size_t axes = 0;
    begin_.push_back(0);
    for (const Box& box : boxes) {
        for (const Reach& reach : reaches_of(box)) {
            axes = std::max<std::size_t>(axes, reach.axis + 1);
            reaches_.push_back(reach);
        }
        begin_.push_back(reaches_.size());
    }
    axes_.resize(axes);
    for (std::size_t box = 0; box < boxes.size(); ++box) {
        if (boxes[box].is_empty)
            continue;
        auto reach = reaches(box).begin();
        for (Axes::Id axis = 0; axis < axes; ++axis) {
            if (reach == reaches(box).end() || reach->axis != axis) {
                axes_[axis].unrestricted.push_back(box);
                continue;
            }
            axes_[axis].reaches.push_back(reach->values);
            axes_[axis].boxes.push_back(box);
            ++reach;
        }
    }
    std::ranges::for_each(axes_, &AxisIndex::build);
}

void BoxIndex::AxisIndex::build() {
    std::vector<std::size_t> order(reaches.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [this](std::size_t i) { return reaches[i].first; });
    std::vector<Interval> sorted;
    std::vector<std::size_t> numbers;
    for (const std::size_t i : order) {
        sorted.push_back(reaches[i]);
        numbers.push_back(boxes[i]);
        lasts.push_back(reaches[i].last);
    }
    reaches = std::move(sorted);
    boxes = std::move(numbers);
    std::ranges::sort(lasts);
    const std::size_t leaves = std::bit_ceil(std::max<std::size_t>(reaches.size(), 1));
    last_in.assign(2 * leaves, 0);
    for (std::size_t i = 0; i < reaches.size(); ++i)
        last_in[leaves + i] = reaches[i].last;
    for (std::size_t part = leaves - 1; part > 0; --part)
        last_in[part] = std::max(last_in[2 * part], last_in[2 * part + 1]);
}

std::size_t BoxIndex::AxisIndex::count(const Interval& values) const {
    const auto begin_behind = reaches.end() - std::ranges::upper_bound(reaches, values.last, {}, &Interval::first);
    const auto end_before = std::ranges::lower_bound(lasts, values.first) - lasts.begin();
    return reaches.size() - static_cast<std::size_t>(begin_behind + end_before) + unrestricted.size();
}

void BoxIndex::AxisIndex::for_each(const Interval& values, const auto& action) const {
    std::ranges::for_each(unrestricted, action);
    const std::size_t leaves = last_in.size() / 2;
    // Those in [0, end) begin in front of the values' end; of them the parts with an end behind their begin are
    // visited.
    const auto end = static_cast<std::size_t>(std::ranges::upper_bound(reaches, values.last, {}, &Interval::first) -
                                              reaches.begin());
    const auto visit = [&](const auto& self, std::size_t part, std::size_t first, std::size_t size) -> void {
        if (first >= end || last_in[part] < values.first)
            return;
        if (size == 1)
            return action(boxes[first]);
        self(self, 2 * part, first, size / 2);
        self(self, 2 * part + 1, first + size / 2, size / 2);
    };
    if (!reaches.empty())
        visit(visit, 1, 0, leaves);
}

bool BoxIndex::find(const Box& box, std::size_t end, std::uint64_t& work, std::vector<std::size_t>& out) const {
    const std::vector<Reach> wanted = reaches_of(box);
    const auto may_meet = [&](std::size_t number) {
        auto mine = wanted.begin();
        for (const Reach& its : reaches(number)) {
            while (mine != wanted.end() && mine->axis < its.axis)
                ++mine;
            if (mine == wanted.end())
                break;
            if (mine->axis == its.axis && !meet(mine->values, its.values))
                return false;
        }
        return true;
    };
    const std::size_t found = out.size();
    const auto look_at = [&](std::size_t number) {
        if (number < end && may_meet(number) && !boxes_[number].is_disjoint(box))
            out.push_back(number);
    };
    const AxisIndex* best = nullptr;
    const Interval* values = nullptr;
    std::size_t fewest = end;
    for (const Reach& reach : wanted) {
        if (reach.axis >= axes_.size())
            continue;
        if (const std::size_t left = axes_[reach.axis].count(reach.values); left < fewest) {
            fewest = left;
            best = &axes_[reach.axis];
            values = &reach.values;
        }
    }
    if (work < fewest)
        return false;
    work -= fewest;
    if (best == nullptr) {
        for (std::size_t number = 0; number < end; ++number)
            if (!boxes_[number].is_empty)
                look_at(number);
        return true;
    }
    best->for_each(*values, look_at);
    std::sort(out.begin() + static_cast<std::ptrdiff_t>(found), out.end());
    return true;
}

}  // namespace xdpctl::lint
