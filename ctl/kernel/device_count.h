// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>

#include "base/types.h"
#include "maps/verdict.h"
#include "ruleset/model.h"

namespace xdpctl::kernel {

// One non-zero element of device_counters.
struct DeviceCount {
    std::string chain_table;
    std::string chain;
    ruleset::Hook hook{};
    std::string device;
    xdpctl_verdict verdict{};
    xdpctl_reason reason{};
    Count count;
};

}  // namespace xdpctl::kernel
