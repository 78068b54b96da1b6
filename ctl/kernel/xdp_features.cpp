// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/xdp_features.h"

#include <linux/genetlink.h>

#include <cerrno>
#include <utility>

#include "kernel/netlink.h"

namespace xdpctl::kernel {

namespace {

// From linux/netdev.h of Linux 6.3; the headers this is built with may be older.
constexpr const char* family_name = "netdev";
constexpr std::uint8_t command_dev_get = 1;
constexpr std::uint16_t attribute_ifindex = 1;
constexpr std::uint16_t attribute_xdp_features = 3;
constexpr std::uint64_t act_basic = 1 << 0;
constexpr std::uint64_t act_hw_offload = 1 << 4;
constexpr std::uint64_t act_rx_sg = 1 << 5;

// None when the kernel does not know the family.
Result<std::optional<std::uint16_t>> family_id(NetlinkSocket& socket) {
    NetlinkMessage request(GENL_ID_CTRL, 0);
    auto& head = request.extra<genlmsghdr>();
    head.cmd = CTRL_CMD_GETFAMILY;
    head.version = 1;
    mnl_attr_put_strz(request.get(), CTRL_ATTR_FAMILY_NAME, family_name);
    std::optional<std::uint16_t> id;
    const auto done = socket.talk(request, [&](const nlmsghdr& message) {
        for_each_attribute(message, sizeof(genlmsghdr), [&](unsigned type, const nlattr* attribute) {
            if (type == CTRL_ATTR_FAMILY_ID)
                id = mnl_attr_get_u16(attribute);
        });
    });
    if (!done && done.error().error != ENOENT)
        return done.error().fail("cannot ask for netlink's netdev family");
    return id;
}

}  // namespace

Result<std::optional<XdpFeatures>> xdp_features(IfIndex device) {
    auto socket = NetlinkSocket::open(NETLINK_GENERIC);
    if (!socket)
        return std::unexpected(std::move(socket).error());
    const auto family = family_id(*socket);
    if (!family)
        return std::unexpected(family.error());
    if (!*family)
        return std::nullopt;

    NetlinkMessage request(**family, 0);
    auto& head = request.extra<genlmsghdr>();
    head.cmd = command_dev_get;
    head.version = 1;
    mnl_attr_put_u32(request.get(), attribute_ifindex, std::to_underlying(device));
    XdpFeatures features;
    const auto done = socket->talk(request, [&](const nlmsghdr& message) {
        for_each_attribute(message, sizeof(genlmsghdr), [&](unsigned type, const nlattr* attribute) {
            if (type != attribute_xdp_features)
                return;
            const std::uint64_t flags = mnl_attr_get_u64(attribute);
            features = {.native = (flags & act_basic) != 0,
                        .frags = (flags & act_rx_sg) != 0,
                        .offload = (flags & act_hw_offload) != 0};
        });
    });
    if (!done)
        return done.error().fail("cannot ask for a device's XDP features");
    return features;
}

}  // namespace xdpctl::kernel
