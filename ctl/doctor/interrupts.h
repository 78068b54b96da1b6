// SPDX-License-Identifier: BSD-2-Clause
// Which CPUs a device's interrupts go to.
#pragma once

#include <set>

#include "kernel/interface.h"

namespace xdpctl::doctor {

struct Interrupts {
    std::size_t number = 0;
    std::set<unsigned> cpus;
};

// None for devices without interrupts of their own, and where sysfs shows another network namespace.
[[nodiscard]] Interrupts interrupts_of(const kernel::Interface& interface);

}  // namespace xdpctl::doctor
