// SPDX-License-Identifier: BSD-2-Clause
// set_holds() of maps/lib/set.bpf.h for one generation's sets, as programs call it.
#pragma once

#include <linux/bpf.h>

#include <span>
#include <vector>

#include "base/error.h"
#include "kernel/object.h"
#include "kernel/set_maps.h"

namespace xdpctl::kernel {

// Gives an opened object that includes maps/lib/set.bpf.h the sets, by number; it gets no maps for other numbers.
[[nodiscard]] Status use_sets(bpf_object* object, std::span<const SetMaps* const> sets);

// Instructions to put behind generated ones, for which `object` holds the maps.
struct SetLookup {
    Object object;
    std::vector<bpf_insn> instructions;  // set_holds() is the first function
};
[[nodiscard]] Result<SetLookup> load_set_lookup(std::span<const SetMaps* const> sets);

}  // namespace xdpctl::kernel
