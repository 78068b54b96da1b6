// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/types.h"
#include "kernel/attach.h"
#include "ruleset/model.h"

namespace xdpctl::kernel {

// A device that the ruleset names.
struct DeviceStatus {
    std::string chain_table;
    std::string chain;
    ruleset::Hook hook{};
    std::string name;          // as the ruleset names it
    std::string current_name;  // differs after a rename; empty when the device is not here
    IfIndex ifindex{};         // 0 when not attached
    Attachment attachment;
    std::optional<Presence> presence;  // none: the ruleset names the device and nothing is attached to it
    std::uint64_t attached_at = 0;     // seconds since the epoch
};

}  // namespace xdpctl::kernel
