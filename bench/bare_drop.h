// SPDX-License-Identifier: BSD-2-Clause
// The XDP program that everything is compared with: it only drops.
#pragma once

struct bench_xdp;

namespace xdpctl::bench {

class BareDrop {
public:
    // Throws std::runtime_error.
    BareDrop();
    ~BareDrop();
    BareDrop(const BareDrop&) = delete;
    BareDrop& operator=(const BareDrop&) = delete;

    [[nodiscard]] int fd() const;

private:
    bench_xdp* skeleton_;
};

}  // namespace xdpctl::bench
