// SPDX-License-Identifier: BSD-2-Clause
// Keeps the calling thread where it is: what a program left in a per-CPU map is then known to be of this CPU.
#pragma once

#include <sched.h>

#include "base/error.h"

namespace xdpctl::testrun {

class PinnedCpu {
public:
    // Until the object's end the thread runs on the CPU it is on now.
    [[nodiscard]] static Result<PinnedCpu> current();
    PinnedCpu(PinnedCpu&& other) noexcept;
    PinnedCpu& operator=(PinnedCpu&&) = delete;
    ~PinnedCpu();

    [[nodiscard]] unsigned number() const { return number_; }

private:
    PinnedCpu(unsigned number, const cpu_set_t& before) : number_(number), before_(before) {}

    unsigned number_;
    cpu_set_t before_;
    bool active_ = true;
};

}  // namespace xdpctl::testrun
