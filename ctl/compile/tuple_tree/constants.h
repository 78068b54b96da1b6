// SPDX-License-Identifier: BSD-2-Clause
// What the classifier's program has as immediates.
#pragma once

#include <cstdint>

#include "compile/tuple_tree/tables.h"

namespace xdpctl::compile::tuple_tree {

// REQUIRES: number < 2 * XDPCTL_TUPLE_FAMILY_CONSTANTS, see enum xdpctl_tuple_constant.
[[nodiscard]] std::uint64_t constant(const Tables& tables, std::uint32_t number);

}  // namespace xdpctl::compile::tuple_tree
