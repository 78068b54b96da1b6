// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/set_change.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <limits>
#include <utility>

#include "kernel/bpffs.h"
#include "kernel/generation.h"
#include "kernel/layout.h"
#include "sets/elements.h"
#include "sets/image.h"

namespace xdpctl::kernel {

namespace fs = std::filesystem;

namespace {

using ruleset::Interval;
using sets::covers;
using sets::is_same;
using sets::LiveElement;

std::unexpected<Error> overlaps(const ruleset::Set& set) {
    return fail(ErrorKind::Input, fmt::format("cannot add an element to set {}", set.name),
                "it overlaps another element", "delete that one first, or declare the set with auto-merge");
}

}  // namespace

Result<LiveSet> LiveSet::open(const ruleset::Set& set, const SetMaps& maps, JointMarks marks) {
    auto head = MappedHead::open(maps.image);
    if (!head)
        return std::unexpected(std::move(head).error());
    return LiveSet(set, maps, std::move(marks), *std::move(head));
}

Result<Interval> LiveSet::element_at(std::uint64_t index) {
    if (head_->wide != 0)
        return image_.read<sets::Range128>(head_->elements + index * sizeof(sets::Range128));
    const auto range = image_.read<sets::Range32>(head_->elements + index * sizeof(sets::Range32));
    if (!range)
        return std::unexpected(range.error());
    return Interval{range->first, range->last};
}

Result<LiveSet::InImage> LiveSet::find_in_image(const LiveElement& element, const Interval& interval) {
    if (!sets::is_ranged(set_)) {
        const auto image = image_.whole();
        if (!image)
            return std::unexpected(image.error());
        return sets::holds(*image, element.key) ? InImage::Same : InImage::Absent;
    }
    // The first element that does not end before the interval.
    std::uint64_t first = 0;
    for (std::uint64_t count = head_->element_count; count > 0;) {
        const std::uint64_t half = count / 2;
        const auto middle = element_at(first + half);
        if (!middle)
            return std::unexpected(middle.error());
        if (middle->last < interval.first) {
            first += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    if (first == head_->element_count)
        return InImage::Absent;
    const auto found = element_at(first);
    if (!found)
        return std::unexpected(found.error());
    if (found->first > interval.last)
        return InImage::Absent;
    if (*found == interval)
        return InImage::Same;
    return found->first <= interval.first && found->last >= interval.last ? InImage::Inside : InImage::Overlapping;
}

Result<std::vector<LiveElement>> LiveSet::changes_near(const LiveElement& element) {
    const xdpctl_set_head& head = *head_;
    const bool ranged = sets::is_ranged(set_);
    std::vector<LiveElement> near;
    if (head.live == 0 || !sets::is_marked(head, element, ranged))
        return near;
    if (!ranged) {
        const auto found = maps_.find_live(element);
        if (!found)
            return std::unexpected(found.error());
        if (*found)
            near.push_back(**found);
        return near;
    }
    if (!live_) {
        const auto live = read_live(maps_);
        if (!live)
            return std::unexpected(live.error());
        live_.emplace(*live);
    }
    return live_->overlapping(element);
}

// Programs look into the map only when the filter says so, and into the filter when joint images do: the map last.
Status LiveSet::write(const LiveElement& element) {
    xdpctl_set_head& head = *head_;
    sets::mark(head, element, sets::is_ranged(set_));
    __atomic_store_n(&head.live, 1U, __ATOMIC_RELEASE);
    marks_.set_changed();
    ++head.changes;
    Status written = maps_.write_live(element);
    if (!written && written.error().kind == ErrorKind::Limit) {
        XDPCTL_TRY(sweep());
        written = maps_.write_live(element);
    }
    XDPCTL_TRY(written);
    if (added_ && element.value.state == XDPCTL_SET_ADDED)
        ++*added_;
    if (live_)
        live_->put(element);
    return {};
}

Status LiveSet::erase(const LiveElement& element) {
    XDPCTL_TRY(maps_.delete_live(element));
    if (live_)
        live_->erase(element);
    return {};
}

Result<std::uint64_t> LiveSet::room() {
    if (set_.size == 0)
        return std::numeric_limits<std::uint64_t>::max();
    if (!added_) {
        const auto live = read_live(maps_);
        if (!live)
            return std::unexpected(live.error());
        added_ = std::ranges::count(*live, std::uint32_t{XDPCTL_SET_ADDED},
                                    [](const LiveElement& element) { return element.value.state; });
    }
    const std::uint64_t most = head_->element_count + *added_;
    return set_.size - std::min<std::uint64_t>(set_.size, most);
}

Status LiveSet::sweep() {
    const auto live = read_live(maps_);
    if (!live)
        return std::unexpected(live.error());
    const sets::KeyLayout layout = sets::layout_of(set_);
    for (const LiveElement& element : *live) {
        if (!element.is_expired(now()))
            continue;
        const auto place = find_in_image(element, sets::intervals_of(element, layout).front());
        if (!place)
            return std::unexpected(place.error());
        // One that the image holds too keeps saying that it is gone.
        if (*place == InImage::Absent)
            XDPCTL_TRY(erase(element));
    }
    return {};
}

Result<LiveSet::Outcome> LiveSet::add(std::span<const Interval> key, const ruleset::ElementNote& note, Mode mode) {
    const auto element = sets::live_element(set_, key, note, now());
    if (!element || !note.comment.empty() || head_->changes >= changes_max)
        return Outcome::NeedsCommit;
    const auto near = changes_near(*element);
    if (!near)
        return std::unexpected(near.error());
    bool replaces = false;
    std::vector<LiveElement> expired;
    for (const LiveElement& other : *near) {
        if (is_same(other, *element)) {
            if (other.is_held(now()))
                return Outcome::Unchanged;
            replaces = true;
        } else if (covers(other, *element) || covers(*element, other)) {
            if (other.is_held(now()) && covers(other, *element) && set_.merges)
                return Outcome::Unchanged;
            if (other.is_held(now()) && !set_.merges)
                return overlaps(set_);
            if (other.value.state == XDPCTL_SET_ADDED && other.is_expired(now()))
                expired.push_back(other);
            else if (other.is_held(now()) || covers(*element, other))
                return Outcome::NeedsCommit;
        }
    }
    const auto place = find_in_image(*element, key.front());
    if (!place)
        return std::unexpected(place.error());
    switch (*place) {
    case InImage::Absent:
        break;
    case InImage::Same:
        if (!replaces)
            return Outcome::Unchanged;
        break;
    case InImage::Inside:
        if (set_.merges && near->empty())
            return Outcome::Unchanged;
        [[fallthrough]];
    case InImage::Overlapping:
        return Outcome::NeedsCommit;  // with deleted elements, perhaps: the commit looks at all of them
    }
    if (mode == Mode::Plan)
        return Outcome::Changed;
    for (const LiveElement& other : expired)
        XDPCTL_TRY(erase(other));
    XDPCTL_TRY(write(*element));
    return Outcome::Changed;
}

Result<LiveSet::Outcome> LiveSet::remove(std::span<const Interval> key, Mode mode) {
    auto element = sets::live_element(set_, key, {}, now());
    if (!element || head_->changes >= changes_max)
        return Outcome::NeedsCommit;
    const auto near = changes_near(*element);
    if (!near)
        return std::unexpected(near.error());
    const auto change = std::ranges::find_if(*near, [&](const LiveElement& other) { return is_same(other, *element); });
    const auto found = find_in_image(*element, key.front());
    if (!found)
        return std::unexpected(found.error());
    const InImage place = *found;
    const bool is_changed = change != near->end();
    if (is_changed ? !change->is_held(now()) : place != InImage::Same)
        return place == InImage::Absent || is_changed || !set_.merges
                   ? fail(ErrorKind::NotFound, fmt::format("set {} has no such element", set_.name))
                   : Result<Outcome>(Outcome::NeedsCommit);
    if (mode == Mode::Plan)
        return Outcome::Changed;
    if (place == InImage::Absent) {
        XDPCTL_TRY(erase(*change));
        return Outcome::Changed;
    }
    element->value = {};
    element->value.state = XDPCTL_SET_DELETED;
    XDPCTL_TRY(write(*element));
    return Outcome::Changed;
}

Result<bool> LiveSet::holds(std::span<const Interval> key) {
    const auto element = sets::live_element(set_, key, {}, now());
    if (!element)
        return fail(ErrorKind::Input, fmt::format("cannot look a range up in set {}", set_.name), {},
                    "ask for one of its values");
    const auto near = changes_near(*element);
    if (!near)
        return std::unexpected(near.error());
    const LiveElement* longest = nullptr;
    for (const LiveElement& other : *near)
        if (covers(other, *element) && (longest == nullptr || other.bits > longest->bits))
            longest = &other;
    if (longest != nullptr)
        return longest->is_held(now());
    const auto image = image_.whole();
    if (!image)
        return std::unexpected(image.error());
    return sets::holds(*image, element->key);
}

Result<std::optional<LiveSets>> LiveSets::open(const fs::path& directory, std::optional<WriterLock> lock) {
    const Layout layout(directory);
    const auto numbers = layout.generations();
    if (!numbers || numbers->size() != 1 || fs::exists(layout.next()))
        return std::nullopt;
    auto stored = load_generation(layout.generation(numbers->front()));
    if (stored) {
        auto joints = JointMaps::open(layout.generation(numbers->front()));
        if (!joints)
            return std::unexpected(std::move(joints).error());
        return LiveSets(std::move(lock), *std::move(stored), *std::move(joints));
    }
    if (!lock && stored.error().kind == ErrorKind::NotFound)
        return std::nullopt;  // replaced just now
    return std::unexpected(std::move(stored).error());
}

Result<std::optional<LiveSets>> LiveSets::open_for_reading() {
    Warnings none;
    const auto directory = state_directory(false, none);
    if (!directory)
        return std::unexpected(directory.error());
    return open(*directory, std::nullopt);
}

Result<std::optional<LiveSets>> LiveSets::open_for_writing(std::chrono::milliseconds timeout) {
    Warnings none;
    const auto directory = state_directory(false, none);
    if (!directory)
        return std::unexpected(directory.error());
    if (!fs::exists(*directory))
        return std::nullopt;
    auto lock = WriterLock::acquire(*directory, timeout);
    if (!lock)
        return std::unexpected(std::move(lock).error());
    return open(*directory, *std::move(lock));
}

LiveSets::LiveSets(std::optional<WriterLock> lock, StoredGeneration stored, JointMaps joints)
    : lock_(std::move(lock)),
      generation_(std::make_unique<Generation>(std::move(stored.generation))),
      sets_(std::make_unique<GenerationSets>(std::move(stored.sets))),
      joints_(std::move(joints)) {}

Result<LiveSet*> LiveSets::find(const ruleset::Set& set) {
    const auto maps = sets_->find(set.handle);
    if (maps == sets_->end())
        return nullptr;
    auto found = open_.find(set.handle);
    if (found == open_.end()) {
        auto marks = joints_.marks_of(maps->second);
        if (!marks)
            return std::unexpected(std::move(marks).error());
        auto opened = LiveSet::open(set, maps->second, *std::move(marks));
        if (!opened)
            return std::unexpected(std::move(opened).error());
        found = open_.emplace(set.handle, *std::move(opened)).first;
    }
    return &found->second;
}

}  // namespace xdpctl::kernel
