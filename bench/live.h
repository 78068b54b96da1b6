// SPDX-License-Identifier: BSD-2-Clause
// What a dropped packet costs the receiver: frames from one network namespace over a veth pair into another.
#pragma once

namespace xdpctl::bench {

// `failed` becomes true when a benchmark fails; it must outlive the run.
void register_live(bool& failed);

}  // namespace xdpctl::bench
