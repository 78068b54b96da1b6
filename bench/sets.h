// SPDX-License-Identifier: BSD-2-Clause
// What a lookup in a set costs a packet, by BPF_PROG_TEST_RUN, with source addresses spread over the set.
#pragma once

namespace xdpctl::bench {

// `failed` becomes true when a benchmark fails; it must outlive the run.
void register_sets(bool& failed);

}  // namespace xdpctl::bench
