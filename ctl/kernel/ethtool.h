// SPDX-License-Identifier: BSD-2-Clause
// What ethtool's ioctl tells about a device of the calling thread's network namespace.
#pragma once

#include <optional>
#include <string>

namespace xdpctl::kernel {

// Empty when the driver does not say.
[[nodiscard]] std::string driver_name(const std::string& device);

// Whether the device takes VLAN tags out of received frames, and puts them into frames it sends.
struct VlanOffload {
    bool receive = false;
    bool transmit = false;
};
[[nodiscard]] std::optional<VlanOffload> vlan_offload(const std::string& device);

}  // namespace xdpctl::kernel
