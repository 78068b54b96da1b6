// SPDX-License-Identifier: BSD-2-Clause
// A chain compiled to the tables of the tuple-tree classifier, ready to be copied into maps; see maps/tuple_tree.h.
// Pure and deterministic: the same chain and placement give the same tables.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/error.h"
#include "compile/compile.h"
#include "compile/tuple_tree/flatten.h"
#include "compile/tuple_tree/hyper_split.h"
#include "compile/tuple_tree/prune.h"
#include "maps/tuple_tree.h"

namespace xdpctl::compile::tuple_tree {

// What a build cost and what a packet may cost.
struct Report {
    std::uint32_t orders = 0;    // steps with an effect
    std::size_t candidates = 0;  // boxes of both families
    std::size_t records = 0;     // boxes with their copies
    unsigned tables4 = 0, tables6 = 0;
    unsigned depth = 0;  // of the deepest tree
    std::size_t longest_list = 0;
    std::uint64_t worst_steps = 0;  // nodes, records and slots one packet can visit
    std::size_t bytes = 0;
    std::chrono::nanoseconds build_time{};
};

struct Tables {
    xdpctl_tuple_config config{};
    bool loops_bounded = false;  // for the program whose loops have bounds
    Windows windows4{}, windows6{};
    xdpctl_tuple_index4 index4{};
    xdpctl_tuple_index6 index6{};
    std::vector<std::uint32_t> directory;
    std::vector<xdpctl_tuple_node> nodes;
    std::vector<xdpctl_tuple_record4> records4;
    std::vector<xdpctl_tuple_record6> records6;
    std::vector<std::uint32_t> residual_of;  // by order, XDPCTL_RESIDUAL_*; empty when there are no residual tests
    std::vector<xdpctl_residual> residuals;
    std::vector<xdpctl_residual_interval> intervals;
    std::vector<std::uint32_t> resume_at;            // by order; empty when evaluation always goes on with the next one
    std::vector<xdpctl_tuple_limit> limits;          // by order; empty when no step has one
    std::vector<std::vector<std::uint32_t>> joints;  // numbers of the sets that share a lookup, by their bits
    Report report;
};

// An array of the tables, and where it begins in the map that holds them all (Report::bytes large).
struct PlacedArray {
    std::uint32_t offset;
    std::span<const std::byte> bytes;
};
[[nodiscard]] std::array<PlacedArray, 11> placed_arrays(const Tables& tables);

struct BuildOptions {
    FlattenLimits flatten;
    SplitLimits split;
    // Steps that a program can be sure to finish: half of what the kernel lets its loops run together.
    std::uint64_t steps_max = 4U << 20;
    Progress progress = {};  // of candidates
};

// Errors: Limit when the tables would outgrow the numbers that hold their indices, or one packet could need more steps
// than `steps_max`, or more than loops with bounds have.
[[nodiscard]] Result<std::unique_ptr<Tables>> build(const ruleset::Chain& chain, const Placement& placement,
                                                    const BuildOptions& options = {});

}  // namespace xdpctl::compile::tuple_tree
