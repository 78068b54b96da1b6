// SPDX-License-Identifier: BSD-2-Clause
// What a device's driver says it can do with XDP: generic netlink family "netdev", Linux 6.3. Asking changes nothing,
// where trying an attachment makes many drivers reset their rings.
#pragma once

#include <optional>

#include "base/error.h"
#include "base/types.h"

namespace xdpctl::kernel {

struct XdpFeatures {
    bool native = false;   // runs programs, and can drop and pass
    bool frags = false;    // takes frames in several buffers
    bool offload = false;  // runs programs in hardware
};

// None when the kernel has no such family.
[[nodiscard]] Result<std::optional<XdpFeatures>> xdp_features(IfIndex device);

}  // namespace xdpctl::kernel
