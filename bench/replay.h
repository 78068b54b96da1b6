// SPDX-License-Identifier: BSD-2-Clause
// A program under test run on other packets each time.
#pragma once

#include <memory>
#include <span>

#include "base/error.h"
#include "bench/traffic.h"

namespace xdpctl::bench {

class Replay {
public:
    [[nodiscard]] static Result<Replay> create(test::Family family);
    Replay(Replay&&) noexcept;
    ~Replay();

    // REQUIRES: as many headers as a trace has.
    [[nodiscard]] Status load(std::span<const Header> headers);
    // An XDP entry of this project.
    [[nodiscard]] Status judge_by(int program);

    // Nanoseconds a packet over `packets` of the trace: of the replay alone, and with the program behind it.
    [[nodiscard]] Result<double> time_alone(unsigned packets) const;
    [[nodiscard]] Result<double> time_judged(unsigned packets) const;

private:
    struct Impl;
    explicit Replay(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace xdpctl::bench
