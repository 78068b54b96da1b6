// SPDX-License-Identifier: BSD-2-Clause
// What each step of the datapath and each number of rules costs a packet, by BPF_PROG_TEST_RUN.
#pragma once

namespace xdpctl::bench {

// `failed` becomes true when a benchmark fails; it must outlive the run.
void register_test_runs(bool& failed);

}  // namespace xdpctl::bench
