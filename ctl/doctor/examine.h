// SPDX-License-Identifier: BSD-2-Clause
// The examinations, each of one subject. They look and try, and change nothing: what is tried is tried on objects of
// their own.
#pragma once

#include <span>

#include "doctor/finding.h"
#include "kernel/interface.h"
#include "kernel/state.h"

namespace xdpctl::doctor {

// Settings and rights: kernel, capabilities, JIT, sysctls, file systems.
[[nodiscard]] Section examine_host();

// What the kernel can do, by trying. REQUIRES: the capabilities that kernel::missing_privileges names.
[[nodiscard]] Section examine_features();

// What is pinned of the network namespace, as it was opened or could not be.
[[nodiscard]] Section examine_state(const Result<kernel::State>& state);

// A device among all of its network namespace, with its places in chains.
struct Device {
    const kernel::Interface& interface;
    std::span<const kernel::Interface> all;
    std::vector<kernel::DeviceStatus> places;

    [[nodiscard]] bool runs(std::uint32_t program) const;      // whether the program is ours
    [[nodiscard]] bool is_attached(xdpctl_mode mode) const;    // actively, in this mode
    [[nodiscard]] bool is_attached(ruleset::Hook hook) const;  // actively, at this hook
};
[[nodiscard]] Section examine_device(const Device& device);

}  // namespace xdpctl::doctor
