// SPDX-License-Identifier: BSD-2-Clause
// The joint image of several sets (maps/set_joint.h): which of them hold a number. Pure and deterministic.
#pragma once

#include <cstdint>
#include <span>

#include "base/error.h"
#include "maps/set_joint.h"
#include "sets/range.h"

namespace xdpctl::sets {

// The sets in the head are left to those who know their maps.
using JointImage = Bytes;

[[nodiscard]] inline xdpctl_joint_head& joint_head(JointImage& image) {
    return *reinterpret_cast<xdpctl_joint_head*>(image.data());
}

// Bit i of a mask is the i-th set's. `sets`: the ranges of each, sorted, without overlaps. REQUIRES: at most
// XDPCTL_JOINT_SETS_MAX sets. Errors: Limit.
[[nodiscard]] Result<JointImage> make_joint(std::span<const std::span<const Range32>> sets);
[[nodiscard]] Result<JointImage> make_joint(std::span<const std::span<const Range128>> sets);

// What a program would say.
[[nodiscard]] std::uint32_t joint_mask(const JointImage& image, std::uint32_t number);
[[nodiscard]] std::uint32_t joint_mask(const JointImage& image, Number128 number);

}  // namespace xdpctl::sets
