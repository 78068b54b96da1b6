// SPDX-License-Identifier: BSD-2-Clause
// What judging a packet costs, before any packet comes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "compile/compile.h"

namespace xdpctl::compile {

struct Cost {
    Engine engine{};
    unsigned tables = 0;            // hash tables that a packet may have to ask: of the family that has more of them
    std::size_t sets = 0;           // that keys are looked up in
    std::size_t bytes = 0;          // of instructions or tables, without the sets
    double nanoseconds = 0;         // of a packet that some rule decides, all rules being as likely, and lookups
    std::uint64_t worst_steps = 0;  // rules, tree nodes and hash slots that one packet can make the classifier look at
    double worst_nanoseconds = 0;
};

// Of a chain and those it leads to, which have so many rules together and look keys up in the sets. A model with
// constants that were measured on one machine (docs/bench.md): another is faster or slower by a factor.
[[nodiscard]] Cost cost(std::size_t rules, const Classifier& classifier,
                        std::span<const ruleset::Set* const> sets = {});

}  // namespace xdpctl::compile
