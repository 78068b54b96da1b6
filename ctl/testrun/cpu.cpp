// SPDX-License-Identifier: BSD-2-Clause
#include "testrun/cpu.h"

#include <cerrno>
#include <utility>

namespace xdpctl::testrun {

Result<PinnedCpu> PinnedCpu::current() {
    cpu_set_t before;
    if (sched_getaffinity(0, sizeof(before), &before) != 0)
        return fail_errno(errno, "cannot read the CPUs of this thread");
    const auto number = static_cast<unsigned>(sched_getcpu());
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(number, &one);
    if (sched_setaffinity(0, sizeof(one), &one) != 0)
        return fail_errno(errno, "cannot stay on one CPU");
    return PinnedCpu(number, before);
}

PinnedCpu::PinnedCpu(PinnedCpu&& other) noexcept
    : number_(other.number_), before_(other.before_), active_(std::exchange(other.active_, false)) {}

PinnedCpu::~PinnedCpu() {
    if (active_)
        sched_setaffinity(0, sizeof(before_), &before_);
}

}  // namespace xdpctl::testrun
