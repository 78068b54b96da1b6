// SPDX-License-Identifier: BSD-2-Clause
// What is wrong in a chain although it is valid: rules that can never decide anything. Every finding is proven by exact
// reasoning over boxes (box.h); what cannot be proven within the bound on work is not reported.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ruleset/model.h"

namespace xdpctl::lint {

// Comparisons of boxes that one chain is worth.
inline constexpr std::uint64_t work_max = 4'000'000'000;
// Of them, those to find out whether several rules together cover one.
inline constexpr std::uint64_t union_work_max = 1'000'000;

enum class Kind : std::uint8_t {
    NeverMatches,  // its own matches exclude each other, or the hook and devices of the chain
    Duplicate,     // an earlier rule is the same
    Redundant,     // earlier rules take all its packets, with the same verdict
    Shadowed,      // earlier rules take all its packets, with another verdict, or the rule has none
};

struct Finding {
    Kind kind{};
    std::size_t rule = 0;             // index in the chain
    std::vector<std::size_t> covers;  // the earlier rules that prove it, in order
};

struct Report {
    std::vector<Finding> findings;  // by rule
    // Rules from here on were not compared with all in front of them: the work would exceed work_max.
    std::size_t compared = 0;
    // Rules of which it would take more than union_work_max to say whether several others together cover them: no
    // single one does.
    std::vector<std::size_t> undecided;
};

// `devices` are those that packets of the chain can have: its own, or of a regular chain those of all base chains.
// `table` is the chain's: it tells which jumps lead to chains that no packet comes back from.
[[nodiscard]] Report lint(const ruleset::Chain& chain, std::span<const std::string> devices,
                          const ruleset::Table* table = nullptr);

// A rule that no packet comes through.
struct Impossible {
    std::size_t rule = 0;       // index in the chain
    std::size_t statement = 0;  // of the rule's: no packet comes past it
    bool alone = false;         // and none would if it stood first: the chain has no such packets
};

// All of them, of which lint() calls those NeverMatches that do nothing in front of that statement.
[[nodiscard]] std::vector<Impossible> impossible_rules(const ruleset::Chain& chain,
                                                       std::span<const std::string> devices);

// A rule that could stand further in front without changing what happens to any packet or counter: it has no packet
// in common with those it passes.
struct Move {
    std::size_t rule = 0;     // index in the chain
    std::size_t before = 0;   // index of the rule that it can stand in front of
    std::uint64_t saved = 0;  // tests of rules that the counted packets would have been spared
};

// The moves that pay, by what they save, the most first; each by itself. `hits` are the packets that each rule matched;
// rules without a verdict count too.
[[nodiscard]] std::vector<Move> moves(const ruleset::Chain& chain, const std::vector<std::uint64_t>& hits);

}  // namespace xdpctl::lint
