// SPDX-License-Identifier: BSD-2-Clause
// What ethtool's ioctl tells about a device of the calling thread's network namespace.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xdpctl::kernel {

// Empty when the driver does not say.
[[nodiscard]] std::string driver_name(const std::string& device);

// Whether the device takes VLAN tags out of received frames, and puts them into frames it sends.
struct VlanOffload {
    bool receive = false;
    bool transmit = false;
};
[[nodiscard]] std::optional<VlanOffload> vlan_offload(const std::string& device);

// Channels (queues) that receive, alone or combined with sending; none when the driver does not say.
struct Channels {
    std::uint32_t used = 0;
    std::uint32_t max = 0;
    bool combined = false;
};
[[nodiscard]] std::optional<Channels> receive_channels(const std::string& device);

// An offload by its name in the kernel ("rx-lro", "rx-gro-hw"); none when the kernel does not know it.
struct Offload {
    bool on = false;
    bool changeable = false;
};
[[nodiscard]] std::optional<Offload> offload(const std::string& device, std::string_view name);

}  // namespace xdpctl::kernel
