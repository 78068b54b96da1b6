// SPDX-License-Identifier: BSD-2-Clause
// How a chain comes to its verdict about one packet, told from the model rule by rule. What is in the packet is taken
// from what the entry program found, and from the frame; whether the rest of the datapath agrees is then for the caller
// to compare.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "maps/packet.h"
#include "maps/verdict.h"
#include "ruleset/model.h"

namespace xdpctl::story {

// One match of a rule, asked of the packet.
struct Test {
    const ruleset::Match* match;
    bool holds = false;
    std::optional<ruleset::Value> found;       // the packet's value; none when it lacks the field
    std::optional<ruleset::Interval> element;  // of several values, the one that holds the packet's
};

// One rule. All its matches are asked, also behind one that fails.
struct Step {
    const ruleset::Rule* rule;
    std::size_t number;  // in its chain, from 1
    std::vector<Test> tests;

    [[nodiscard]] bool matched() const;
    // Holds but for one match of several.
    [[nodiscard]] bool nearly_matched() const;
};

struct Story {
    ruleset::Verdict verdict{};
    xdpctl_reason reason{};
    std::vector<Step> steps;  // the last one decided, if a rule did

    [[nodiscard]] const Step* decided() const;  // null when no rule did
};

// A match on what only the running kernel knows, such as a mark, is told as one on a field that the packet lacks.
// REQUIRES: `packet` is what was found in the frame, from a device of the chain whose slot is its place in the chain;
// tags are in the frame.
[[nodiscard]] Story tell(const ruleset::Chain& chain, const xdpctl_packet& packet, std::span<const std::byte> frame);

}  // namespace xdpctl::story
