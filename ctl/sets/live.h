// SPDX-License-Identifier: BSD-2-Clause
// Elements that are not in a set's image but in its live map: those that changed since the image was made, and those
// that expire or count.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <vector>

#include "base/error.h"
#include "maps/set.h"
#include "ruleset/model.h"
#include "sets/key.h"

namespace xdpctl::sets {

// Since the machine started, as the datapath's clock counts.
using Instant = std::chrono::nanoseconds;

struct LiveElement {
    xdpctl_set_key key{};
    std::uint32_t bits = 0;  // of the key that count: a prefix when they are not all
    xdpctl_set_live value{};

    [[nodiscard]] bool is_held(Instant now) const { return value.state == XDPCTL_SET_ADDED && !is_expired(now); }
    [[nodiscard]] bool is_expired(Instant now) const {
        return value.expires != 0 && value.expires <= static_cast<std::uint64_t>(now.count());
    }
};

// How the set's live map would hold an element. Nothing for a range that is no prefix.
[[nodiscard]] std::optional<LiveElement> live_element(const ruleset::Set& set, std::span<const ruleset::Interval> key,
                                                      const ruleset::ElementNote& note, Instant now);

// The key's interval of each part.
[[nodiscard]] std::vector<ruleset::Interval> intervals_of(const LiveElement& element, const KeyLayout& layout);

// What the elements of a set are made of.
struct Division {
    ruleset::Set plain;             // with the elements of the image
    std::vector<LiveElement> live;  // those that expire or count
};
// Errors: Unsupported for elements that a live map cannot hold.
[[nodiscard]] Result<Division> divide(const ruleset::Set& set, Instant now);

// The elements as they are, when `live` changed `plain`. Errors: Failed when they overlap.
[[nodiscard]] Result<ruleset::Elements> with_live(const ruleset::Set& set, const ruleset::Elements& plain,
                                                  std::span<const LiveElement> live, Instant now);

// Marks in the image's filter that keys of the element may have changed.
void mark(xdpctl_set_head& head, const LiveElement& element, bool ranged);
// Whether something that the element overlaps may have changed.
[[nodiscard]] bool is_marked(const xdpctl_set_head& head, const LiveElement& element, bool ranged);

}  // namespace xdpctl::sets
