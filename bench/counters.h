// SPDX-License-Identifier: BSD-2-Clause
// What reading the counters of a running ruleset takes.
#pragma once

namespace xdpctl::bench {

// `failed` becomes true when a benchmark fails; it must outlive the run.
void register_counters(bool& failed);

}  // namespace xdpctl::bench
