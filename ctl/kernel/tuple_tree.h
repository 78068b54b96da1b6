// SPDX-License-Identifier: BSD-2-Clause
// Tuple-tree classifiers: tables copied into maps of their own, and the program that walks them.
#pragma once

#include <span>

#include "base/error.h"
#include "base/fd.h"
#include "compile/tuple_tree/tables.h"
#include "kernel/joint_maps.h"
#include "kernel/load.h"
#include "kernel/object.h"

namespace xdpctl::kernel {

// Loads the walk over `tables`. The program holds its maps: they go when it goes. `maps` are those of the chain and the
// layer, rule counters included; `lookups` those that the rules look keys up in. Errors: as load_program.
[[nodiscard]] Result<Fd> load_tuple_tree(const compile::tuple_tree::Tables& tables, const ProgramType& type,
                                         std::span<const NamedMap> maps, const LookupMaps& lookups);

}  // namespace xdpctl::kernel
