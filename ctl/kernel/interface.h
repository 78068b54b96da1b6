// SPDX-License-Identifier: BSD-2-Clause
// Network devices of the current network namespace, through rtnetlink (libmnl).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/types.h"

namespace xdpctl::kernel {

struct Interface {
    IfIndex index{};
    std::string name;
    std::string kind;    // IFLA_INFO_KIND: "veth", "vlan", "bond"; empty for physical devices
    std::string driver;  // ethtool's driver name; empty when unknown
    std::uint32_t mtu = 0;
    bool up = false;
    std::optional<IfIndex> master;               // bond or bridge it belongs to
    std::optional<IfIndex> link;                 // lower device of a VLAN, peer of a veth
    std::optional<std::int32_t> link_namespace;  // id of the network namespace `link` is in when it is another one
    std::uint32_t xdp_program_native = 0;        // program ids; 0 when none
    std::uint32_t xdp_program_generic = 0;
    std::uint32_t xdp_program_offload = 0;
};

[[nodiscard]] Result<std::vector<Interface>> interfaces();
// Errors: NotFound, with the names that come close as the next step.
[[nodiscard]] Result<Interface> find_interface(std::string_view name);
// None when no device has the index.
[[nodiscard]] Result<std::optional<Interface>> query_interface(IfIndex index);

}  // namespace xdpctl::kernel
