// SPDX-License-Identifier: BSD-2-Clause
// The receiving end of a veth pair: its packets are handled by one kernel thread (threaded NAPI) on one CPU, whose
// running time the scheduler counts. Functions throw std::runtime_error.
#pragma once

#include <sys/types.h>

#include "support/netns.h"

namespace xdpctl::bench {

class Receiver {
public:
    // REQUIRES: an XDP program or GRO is on the device, since a veth device has NAPI only then.
    Receiver(const test::VethEnd& end, unsigned cpu);

    struct Reading {
        std::uint64_t busy_nanoseconds = 0;
        std::uint64_t packets = 0;
    };
    [[nodiscard]] Reading read() const;
    // Waits until no more packets come in.
    void settle() const;

private:
    [[nodiscard]] std::uint64_t packets() const;

    const test::VethEnd& end_;
    pid_t thread_;
};

}  // namespace xdpctl::bench
