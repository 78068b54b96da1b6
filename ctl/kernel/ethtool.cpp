// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/ethtool.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>

#include "base/fd.h"

namespace xdpctl::kernel {

namespace {

// False when the device or its driver does not answer the command.
template <typename Command>
bool ask(const std::string& device, Command& command) {
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    device.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_data = reinterpret_cast<char*>(&command);
    return socket.valid() && ::ioctl(socket.get(), SIOCETHTOOL, &request) == 0;
}

}  // namespace

std::string driver_name(const std::string& device) {
    ethtool_drvinfo info{};
    info.cmd = ETHTOOL_GDRVINFO;
    if (!ask(device, info))
        return {};
    return {info.driver, ::strnlen(info.driver, sizeof info.driver)};
}

std::optional<VlanOffload> vlan_offload(const std::string& device) {
    ethtool_value flags{};
    flags.cmd = ETHTOOL_GFLAGS;
    if (!ask(device, flags))
        return std::nullopt;
    return VlanOffload{.receive = (flags.data & ETH_FLAG_RXVLAN) != 0, .transmit = (flags.data & ETH_FLAG_TXVLAN) != 0};
}

}  // namespace xdpctl::kernel
