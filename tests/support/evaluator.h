// SPDX-License-Identifier: BSD-2-Clause
// The meaning of a ruleset, written down plainly: which fields a frame has, and what a chain decides about them. Slow
// and independent of the programs and of the compiler, which the tests compare with it.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "maps/verdict.h"
#include "ruleset/model.h"

namespace xdpctl::test {

// Why a packet is malformed: an enum xdpctl_reason, or any number below XDPCTL_REASONS in a packet that a test made up.
using Fault = std::optional<std::uint8_t>;

// Where bits lie in a frame.
struct BitPlace {
    std::size_t first;
    std::size_t bits;
};

// What there is to match in a packet. A field that the packet lacks is not in the map; the names of devices never are.
struct Fields {
    std::map<ruleset::Field, ruleset::Value> values;
    std::uint32_t length = 0;  // as counters count it
    Fault malformed;
    // What raw payload is read from. A packet that a test made up has none of them.
    std::vector<std::byte> frame;
    std::optional<std::size_t> network, transport;  // where these headers begin
    std::map<ruleset::Field, BitPlace> places;      // of fields that lie in the frame
};

// `frame` starts with its Ethernet header and has its VLAN tags, if any, in-band.
[[nodiscard]] Fields parse_frame(std::span<const std::byte> frame, ruleset::Hook hook);

// Where the bits of raw payload lie; nothing when the frame does not have them.
[[nodiscard]] std::optional<BitPlace> place_of(const ruleset::RawPayload& payload, const Fields& fields);

// What the limits of rules have left, by the rules' numbers, and what the clock says.
struct Buckets {
    struct Bucket {
        std::chrono::nanoseconds tokens, filled;
    };
    std::chrono::nanoseconds now{};
    std::map<std::size_t, Bucket> of_rules;  // a rule that no packet came to is not in it: its bucket is full
};

// Rules are numbered as they have slots: those of the chain, then those of the table's regular chains
// (ruleset/reach.h).
struct Evaluation {
    ruleset::Verdict verdict{};
    xdpctl_reason reason{};
    std::optional<std::size_t> rule;   // index of the rule that decided
    std::vector<std::size_t> counted;  // indices of the rules whose counters the packet reached
    std::vector<std::size_t> logged;   // and of those whose logs it reached
};

// `device` is what iifname and oifname are compared with; `table` has what the chain refers to. Without buckets all are
// full.
[[nodiscard]] Evaluation evaluate(const ruleset::Chain& chain, const Fields& fields, std::string_view device,
                                  const ruleset::Table& table = {}, Buckets* buckets = nullptr);

}  // namespace xdpctl::test
