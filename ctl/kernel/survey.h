// SPDX-License-Identifier: BSD-2-Clause
// A chain's devices as they are now: what became of each since it was attached, and which name it goes by.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "kernel/attach.h"
#include "kernel/interface.h"
#include "kernel/live.h"

namespace xdpctl::kernel {

struct SurveyedDevice {
    DeviceSlot slot{};
    xdpctl_device device{};
    std::optional<Presence> presence;  // none: not attached
    std::string current_name;          // of an active device

    [[nodiscard]] bool is_active() const { return presence == Presence::Active; }
};

// The bound slots of a chain, those of active devices first.
[[nodiscard]] Result<std::vector<SurveyedDevice>> survey(const Layout& layout, const LiveChain& chain,
                                                         std::span<const Interface> interfaces);

// The name among `names` that each device goes by, empty when it is none of them: its present name, else the one it was
// bound by. No name is given twice.
[[nodiscard]] std::vector<std::string> claim_names(std::span<const SurveyedDevice> devices,
                                                   std::span<const std::string> names);

// Null when there is none.
[[nodiscard]] const Interface* find_by_name(std::span<const Interface> interfaces, std::string_view name);

}  // namespace xdpctl::kernel
