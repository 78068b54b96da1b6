// SPDX-License-Identifier: BSD-2-Clause
// How programs look keys up in one generation's sets.
#pragma once

#include <linux/bpf.h>

#include <vector>

#include "base/error.h"
#include "compile/compile.h"
#include "kernel/joint_maps.h"
#include "kernel/object.h"

namespace xdpctl::kernel {

// Gives an opened object that includes maps/lib/set_joint.bpf.h the maps, by number; it gets none for other numbers.
[[nodiscard]] Status use_lookups(bpf_object* object, const LookupMaps& lookups);

// Puts copies of the functions of maps/set_lookup.bpf.c behind generated instructions, which begin with the program's,
// and fills in what the program takes from sets.
[[nodiscard]] Status link_lookups(const compile::Program& program, const LookupMaps& lookups,
                                  std::vector<bpf_insn>& instructions);

}  // namespace xdpctl::kernel
