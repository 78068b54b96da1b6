// SPDX-License-Identifier: BSD-2-Clause
// Who sends most, as an observer tallies it, and the rates between two readings.
#pragma once

#include <string>
#include <vector>

#include "kernel/tally.h"
#include "stats/snapshot.h"

namespace xdpctl::stats {

// "192.0.2.1" or "2001:db8::1"; "tcp 22", "icmp", "ipv6 fragment" and the like.
[[nodiscard]] std::string source_text(const xdpctl_talker& talker);
[[nodiscard]] std::string destination_text(const xdpctl_talker& talker);

// `now` with the rates since `before`, `interval` ago; both by address and port. Talkers that sent nothing in between
// are left out. One that counts less than before was forgotten in between, and counts from zero.
[[nodiscard]] std::vector<TalkerStats> talker_stats(const std::vector<kernel::Talker>& now,
                                                    const std::vector<kernel::Talker>& before,
                                                    std::chrono::duration<double> interval);

}  // namespace xdpctl::stats
