// SPDX-License-Identifier: BSD-2-Clause
// Joint images in the kernel (maps/set_joint.h): one lookup for several sets.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "compile/compile.h"
#include "kernel/mapping.h"
#include "kernel/set_maps.h"
#include "maps/set_joint.h"

namespace xdpctl::kernel {

struct JointMap {
    Fd image;

    // Of the elements that the sets' images have. Bits are in the order of the sets. REQUIRES: keys of all sets are
    // alike, of one word or of four; nobody else changes the sets. Errors: Limit.
    [[nodiscard]] static Result<JointMap> create(std::span<const SetMaps* const> sets);

    [[nodiscard]] Result<xdpctl_joint_head> head() const;
    // What a program has to know about the image: XDPCTL_SET_FORM_*.
    [[nodiscard]] Result<std::uint64_t> form() const;
};

// Where joint images say that a set has changed, in memory as programs see it.
class JointMarks {
public:
    void add(Mapping head, std::uint32_t bit) { marks_.push_back({std::move(head), bit}); }
    // From here on packets ask the set itself.
    void set_changed() const;

private:
    struct Mark {
        Mapping head;
        std::uint32_t bit;
    };
    std::vector<Mark> marks_;
};

// What a classifier looks keys up in, by the compiler's numbers.
struct LookupMaps {
    std::vector<const SetMaps*> sets;
    std::vector<const JointMap*> joints;
};

// The joint images of one generation: the same ones for all chains and layers that ask the same sets, and those of the
// generation before where all sets have the images that they had.
class JointMaps {
public:
    // Those that are pinned below the generation's directory.
    [[nodiscard]] static Result<JointMaps> open(const std::filesystem::path& generation);
    [[nodiscard]] Status pin(const std::filesystem::path& generation) const;

    // For a classifier that looks keys up in the sets. `former` loses what is kept.
    [[nodiscard]] Result<LookupMaps> maps_for(const compile::Classifier& classifier, std::vector<const SetMaps*> sets,
                                              JointMaps& former);

    // Of the images that the set is in.
    [[nodiscard]] Result<JointMarks> marks_of(const SetMaps& set) const;

private:
    using Sets = std::vector<std::uint32_t>;  // ids of the maps of their images, by bit

    [[nodiscard]] Result<const JointMap*> find_or_make(std::span<const SetMaps* const> sets, JointMaps& former);

    std::map<Sets, JointMap> joints_;
};

}  // namespace xdpctl::kernel
