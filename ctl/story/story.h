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

// One field that a test asks for.
struct Part {
    ruleset::Field field{};
    ruleset::RawPayload payload;               // for Field::Raw
    std::optional<ruleset::Value> found;       // the packet's value; none when it lacks the field
    std::optional<ruleset::Interval> element;  // of several values, the one that holds the packet's
    bool is_known = true;                      // false for what only the running kernel knows, such as a mark
};

// A match of a rule, a lookup in a set, a verdict map or a limit, asked of the packet. Buckets are taken to be full.
struct Test {
    const ruleset::Statement* statement = nullptr;
    bool holds = false;
    std::vector<Part> parts;  // several: a concatenation; none of a limit

    [[nodiscard]] bool is_known() const;
    [[nodiscard]] bool is_limit() const;
};

// One rule. All its tests are asked, also behind one that fails.
struct Step {
    const ruleset::Chain* chain = nullptr;
    const ruleset::Rule* rule = nullptr;
    std::size_t number = 0;  // in its chain, from 1
    std::vector<Test> tests;
    std::optional<ruleset::Outcome> outcome;  // what it leads to when it matched, unless evaluation just goes on

    [[nodiscard]] bool matched() const;
    // Would match if tests that are not known held.
    [[nodiscard]] bool may_match() const;
    // Has a limit, and all its other tests hold.
    [[nodiscard]] bool is_limited() const;
    // Holds but for one test of several.
    [[nodiscard]] bool nearly_matched() const;
};

struct Story {
    ruleset::Verdict verdict{};
    xdpctl_reason reason{};
    std::vector<Step> steps;        // in the order of evaluation; the last one decided, if a rule did
    std::vector<std::size_t> path;  // the steps whose jumps and gotos are still open at the end
    bool is_certain = true;         // no step may match that does not

    [[nodiscard]] const Step* decided() const;  // null when no rule did
};

// A match on what only the running kernel knows is told as one that does not hold.
// REQUIRES: the table is valid (ruleset/check.h) and has the base chain; `packet` is what was found in the frame, from
// a device of the chain whose slot is its place in the chain; tags are in the frame.
[[nodiscard]] Story tell(const ruleset::Table& table, const ruleset::Chain& chain, const xdpctl_packet& packet,
                         std::span<const std::byte> frame);

}  // namespace xdpctl::story
