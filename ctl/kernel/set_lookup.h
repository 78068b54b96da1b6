// SPDX-License-Identifier: BSD-2-Clause
// How programs look keys up in one generation's sets.
#pragma once

#include <linux/bpf.h>

#include <span>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "compile/compile.h"
#include "kernel/object.h"
#include "kernel/set_maps.h"

namespace xdpctl::kernel {

// Gives an opened object that includes maps/lib/set.bpf.h the sets, by number; it gets no maps for other numbers.
[[nodiscard]] Status use_sets(bpf_object* object, std::span<const SetMaps* const> sets);

// Puts copies of the functions of maps/set_lookup.bpf.c behind generated instructions, which begin with the program's,
// and fills in what the program takes from sets. Returns maps that have to stay until the program is loaded.
[[nodiscard]] Result<std::vector<Fd>> link_lookups(const compile::Program& program,
                                                   std::span<const SetMaps* const> sets,
                                                   std::vector<bpf_insn>& instructions);

}  // namespace xdpctl::kernel
