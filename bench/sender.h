// SPDX-License-Identifier: BSD-2-Clause
// The sending end of a veth pair: live frames of a test run, from one CPU. Functions throw std::runtime_error.
#pragma once

#include "support/netns.h"

struct bench_sender;

namespace xdpctl::bench {

class Sender {
public:
    // Frames get the source addresses 198.18.0.1 and so on, as many as `sources` says.
    Sender(const test::VethEnd& from, const test::VethEnd& to, unsigned cpu, std::uint16_t sources);
    ~Sender();
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;

    // Sends UDP frames, slowly enough for a receiver that drops them at once.
    void send(std::uint32_t frames) const;

private:
    const test::VethEnd& from_;
    test::MacAddress to_;
    unsigned cpu_;
    bench_sender* skeleton_;
};

}  // namespace xdpctl::bench
