// SPDX-License-Identifier: BSD-2-Clause
// Changes of looked-up sets that need no new generation: one update of a map an element, which a packet sees or does
// not see. What cannot be changed so is left to a commit.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/error.h"
#include "kernel/generation.h"
#include "kernel/image_reader.h"
#include "kernel/joint_maps.h"
#include "kernel/lock.h"
#include "kernel/set_store.h"
#include "ruleset/edit.h"
#include "ruleset/model.h"
#include "sets/live_index.h"

namespace xdpctl::kernel {

// One set in memory, for as long as nobody else changes it.
class LiveSet {
public:
    // `marks`: of the joint images that have the set.
    [[nodiscard]] static Result<LiveSet> open(const ruleset::Set& set, const SetMaps& maps, JointMarks marks);

    enum class Outcome : std::uint8_t {
        Changed,
        Unchanged,    // the element was there
        NeedsCommit,  // this element cannot be changed alone
    };
    // What is only planned tells its outcome and changes nothing.
    enum class Mode : std::uint8_t { Plan, Do };
    // Errors: Input when an element overlaps another one, NotFound, Limit.
    [[nodiscard]] Result<Outcome> add(std::span<const ruleset::Interval> key, const ruleset::ElementNote& note,
                                      Mode mode);
    // At least so many elements can be added before the set has as many as it may have.
    [[nodiscard]] Result<std::uint64_t> room();
    [[nodiscard]] Result<Outcome> remove(std::span<const ruleset::Interval> key, Mode mode);
    // As a packet would find it.
    [[nodiscard]] Result<bool> holds(std::span<const ruleset::Interval> key);

private:
    LiveSet(const ruleset::Set& set, const SetMaps& maps, JointMarks marks, MappedHead head)
        : set_(set), maps_(maps), marks_(std::move(marks)), head_(std::move(head)), image_(maps.image) {}

    // Where the key stands among the elements of the image, changes left aside.
    enum class InImage : std::uint8_t { Absent, Same, Inside, Overlapping };
    [[nodiscard]] Result<InImage> find_in_image(const sets::LiveElement& element, const ruleset::Interval& interval);
    [[nodiscard]] Result<ruleset::Interval> element_at(std::uint64_t index);

    // The changes that the element meets.
    [[nodiscard]] Result<std::vector<sets::LiveElement>> changes_near(const sets::LiveElement& element);
    [[nodiscard]] Status write(const sets::LiveElement& element);
    // Expired elements take room until somebody needs it.
    [[nodiscard]] Status sweep();
    [[nodiscard]] Status erase(const sets::LiveElement& element);

    const ruleset::Set& set_;
    const SetMaps& maps_;
    JointMarks marks_;
    MappedHead head_;
    ImageReader image_;
    std::optional<std::uint64_t> added_;   // live elements that are none of the image's, or more, once somebody asked
    std::optional<sets::LiveIndex> live_;  // of a ranged set, once somebody asked
};

// The sets of the running generation.
class LiveSets {
public:
    // Nothing when there is no generation, or one that a killed writer left unfinished, or one that another writer is
    // replacing: state.h opens what is there then, and puts right what is to be put right.
    [[nodiscard]] static Result<std::optional<LiveSets>> open_for_reading();
    // Takes the writer's lock. Errors: Locked.
    [[nodiscard]] static Result<std::optional<LiveSets>> open_for_writing(std::chrono::milliseconds timeout);

    // Elements of looked-up sets are not in it.
    [[nodiscard]] const ruleset::Ruleset& ruleset() const { return generation_->ruleset; }
    // Null for a set whose elements are compiled into the rules. REQUIRES: the set is one of ruleset().
    [[nodiscard]] Result<LiveSet*> find(const ruleset::Set& set);

private:
    LiveSets(std::optional<WriterLock> lock, StoredGeneration stored, JointMaps joints);
    [[nodiscard]] static Result<std::optional<LiveSets>> open(const std::filesystem::path& directory,
                                                              std::optional<WriterLock> lock);

    std::optional<WriterLock> lock_;
    std::unique_ptr<Generation> generation_;
    std::unique_ptr<GenerationSets> sets_;
    JointMaps joints_;
    std::map<Handle, LiveSet> open_;
};

}  // namespace xdpctl::kernel
