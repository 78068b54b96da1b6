// SPDX-License-Identifier: BSD-2-Clause
// A looked-up set in the kernel: two maps, its image and what changed since the image was made (maps/set.h).
// Classifiers hold them; generations that do not change a set share them.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "kernel/mapping.h"
#include "maps/set.h"
#include "sets/live.h"

namespace xdpctl::kernel {

// How the live map holds keys.
struct LiveShape {
    bool ranged = false;
    std::uint32_t words = 0;
    std::uint32_t key_size = 0;

    [[nodiscard]] std::vector<std::byte> key(const sets::LiveElement& element) const;
    [[nodiscard]] sets::LiveElement element(const std::byte* key, const xdpctl_set_live& value) const;
};

struct SetMaps {
    Fd image;
    Fd live;

    // `ranged`: elements can be ranges; `capacity`: how many elements can be live at a time.
    [[nodiscard]] static Result<SetMaps> create(std::span<const std::byte> image, bool ranged, std::uint32_t capacity);
    // The same maps under descriptors of their own.
    [[nodiscard]] Result<SetMaps> duplicate() const;
    // What a program has to know about the set: XDPCTL_SET_FORM_*.
    [[nodiscard]] Result<std::uint64_t> form() const;
    [[nodiscard]] Result<xdpctl_set_parts> parts() const;

    [[nodiscard]] Result<LiveShape> live_shape() const;
    // What is live for the element's key. REQUIRES: the set has no ranges.
    [[nodiscard]] Result<std::optional<sets::LiveElement>> find_live(const sets::LiveElement& element) const;
    // REQUIRES: the filter has the element. Errors: Limit when the map is full.
    [[nodiscard]] Status write_live(const sets::LiveElement& element) const;
    [[nodiscard]] Status delete_live(const sets::LiveElement& element) const;
};

// A map with the bytes as its only element, for programs to read and user space to map into its memory.
[[nodiscard]] Result<Fd> create_image_map(const char* name, std::span<const std::byte> bytes);

// The head of an image in memory as programs see it: what is written is there at once.
class MappedHead {
public:
    [[nodiscard]] static Result<MappedHead> open(const Fd& image);

    xdpctl_set_head* operator->() const { return &mapping_.as<xdpctl_set_head>().front(); }
    xdpctl_set_head& operator*() const { return mapping_.as<xdpctl_set_head>().front(); }

private:
    explicit MappedHead(Mapping mapping) : mapping_(std::move(mapping)) {}
    Mapping mapping_;
};

// The whole image.
class MappedImage {
public:
    [[nodiscard]] static Result<MappedImage> open(const Fd& image);

    [[nodiscard]] const xdpctl_set_head& head() const { return mapping_.as<xdpctl_set_head>().front(); }
    [[nodiscard]] std::span<const std::byte> bytes() const { return mapping_.bytes(); }
    // As they are listed: in order. REQUIRES: the set's key has one part, and elements that are such ranges.
    template <typename Range>
    [[nodiscard]] std::span<const Range> elements() const {
        return {reinterpret_cast<const Range*>(bytes().data() + head().elements), head().element_count};
    }

private:
    explicit MappedImage(Mapping mapping) : mapping_(std::move(mapping)) {}
    Mapping mapping_;
};

}  // namespace xdpctl::kernel
