// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/ethtool.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <vector>

#include "base/fd.h"

namespace xdpctl::kernel {

namespace {

// False when the device or its driver does not answer the command.
bool ask(const std::string& device, void* command) {
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    device.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_data = static_cast<char*>(command);
    return socket.valid() && ::ioctl(socket.get(), SIOCETHTOOL, &request) == 0;
}

// Commands whose answer is a head followed by `size` elements.
template <typename Head, typename Element>
struct Answer {
    explicit Answer(std::uint32_t size) : words((sizeof(Head) + size * sizeof(Element) + 3) / 4) {}
    Head* head() { return reinterpret_cast<Head*>(words.data()); }
    const Element* elements() { return reinterpret_cast<const Element*>(head() + 1); }

    std::vector<std::uint32_t> words;
};

// How many offloads the kernel knows; 0 when it does not say.
std::uint32_t offload_count(const std::string& device) {
    Answer<ethtool_sset_info, std::uint32_t> answer(1);
    answer.head()->cmd = ETHTOOL_GSSET_INFO;
    answer.head()->sset_mask = std::uint64_t{1} << ETH_SS_FEATURES;
    const bool known = ask(device, answer.head()) && answer.head()->sset_mask != 0;
    return known ? *answer.elements() : 0;
}

std::optional<std::uint32_t> offload_index(const std::string& device, std::string_view name, std::uint32_t count) {
    using Name = std::array<char, ETH_GSTRING_LEN>;
    Answer<ethtool_gstrings, Name> answer(count);
    answer.head()->cmd = ETHTOOL_GSTRINGS;
    answer.head()->string_set = ETH_SS_FEATURES;
    answer.head()->len = count;
    if (!ask(device, answer.head()))
        return std::nullopt;
    for (std::uint32_t i = 0; i < count; ++i) {
        const Name& candidate = answer.elements()[i];
        if (std::string_view(candidate.data(), ::strnlen(candidate.data(), candidate.size())) == name)
            return i;
    }
    return std::nullopt;
}

}  // namespace

std::string driver_name(const std::string& device) {
    ethtool_drvinfo info{};
    info.cmd = ETHTOOL_GDRVINFO;
    if (!ask(device, &info))
        return {};
    return {info.driver, ::strnlen(info.driver, sizeof info.driver)};
}

std::optional<VlanOffload> vlan_offload(const std::string& device) {
    ethtool_value flags{};
    flags.cmd = ETHTOOL_GFLAGS;
    if (!ask(device, &flags))
        return std::nullopt;
    return VlanOffload{.receive = (flags.data & ETH_FLAG_RXVLAN) != 0, .transmit = (flags.data & ETH_FLAG_TXVLAN) != 0};
}

std::optional<Channels> receive_channels(const std::string& device) {
    ethtool_channels channels{};
    channels.cmd = ETHTOOL_GCHANNELS;
    if (!ask(device, &channels))
        return std::nullopt;
    if (channels.max_combined > 0)
        return Channels{channels.combined_count + channels.rx_count, channels.max_combined, true};
    return Channels{channels.rx_count, channels.max_rx, false};
}

std::optional<Offload> offload(const std::string& device, std::string_view name) {
    const std::uint32_t count = offload_count(device);
    const auto index = offload_index(device, name, count);
    if (!index)
        return std::nullopt;
    Answer<ethtool_gfeatures, ethtool_get_features_block> answer((count + 31) / 32);
    answer.head()->cmd = ETHTOOL_GFEATURES;
    answer.head()->size = (count + 31) / 32;
    if (!ask(device, answer.head()))
        return std::nullopt;
    const ethtool_get_features_block& block = answer.elements()[*index / 32];
    return Offload{.on = (block.active >> *index % 32 & 1) != 0,
                   .changeable = (block.available >> *index % 32 & 1) != 0};
}

}  // namespace xdpctl::kernel
