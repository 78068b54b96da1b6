// SPDX-License-Identifier: BSD-2-Clause
// Observers as loaded programs (maps/lib/observe.bpf.h).
#pragma once

#include <linux/bpf.h>

#include <span>

#include "base/error.h"
#include "base/fd.h"
#include "kernel/datapath.h"
#include "maps/observe.h"

namespace xdpctl::kernel {

// The maps that an observer has for itself, beside those of its layer.
struct ObserverMaps {
    int events = -1;
    int observed = -1;
    int frame_head = -1;
    int watched_rules = -1;
    int packet_sizes = -1;
    int talkers = -1;
    int entry_times = -1;
    int stage_times = -1;
};

// `filter` is what compile::packet_filter() made; empty: none.
// Errors: as load_program; Unsupported where XDP programs cannot copy frames.
[[nodiscard]] Result<Fd> load_observer(const Datapath& datapath, const xdpctl_observer_config& config,
                                       const ObserverMaps& maps, std::span<const bpf_insn> filter);

// Fills the first place with a program that only leads to the others.
[[nodiscard]] Status put_idle_observer(const Datapath& datapath);

}  // namespace xdpctl::kernel
