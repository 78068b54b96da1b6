// SPDX-License-Identifier: BSD-2-Clause
#include "doctor/driver.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "kernel/ethtool.h"

namespace xdpctl::doctor {

namespace {

// By ethtool's names. Linux 5.10 has XDP in all of the first list.
constexpr std::string_view runs_xdp[] = {"bnxt_en", "ena",     "hv_netvsc", "i40e",      "ice",        "igb",
                                         "ixgbe",   "ixgbevf", "mlx4_en",   "mlx5_core", "nfp",        "mvneta",
                                         "qede",    "sfc",     "tun",       "veth",      "virtio_net", "bonding"};
constexpr std::string_view runs_no_xdp[] = {"8139cp",  "8139too", "bridge", "dummy", "e100",
                                            "e1000",   "e1000e",  "r8169",  "tg3",   "802.1Q VLAN Support",
                                            "macvlan", "ipvlan"};

// Drivers that refuse native XDP while the device joins received segments.
struct Trap {
    std::string_view driver;
    const char* offload;
    const char* option;  // of `ethtool -K`
};
constexpr Trap traps[] = {
    {"mlx5_core", "rx-lro", "lro"},
    {"mlx5_core", "rx-gro-hw", "rx-gro-hw"},
    {"hv_netvsc", "rx-lro", "lro"},
};

void check_joined_segments(Section& section, const kernel::Interface& interface) {
    for (const Trap& trap : traps) {
        if (trap.driver != interface.driver)
            continue;
        if (const auto offload = kernel::offload(interface.name, trap.offload); offload && offload->on)
            section.add(Severity::Warning, "offload", fmt::format("{} is on", trap.offload),
                        "the driver refuses native XDP while the device joins segments",
                        fmt::format("ethtool -K {} {} off", interface.name, trap.option));
    }
    // virtio_net switches it off by itself, unless its host does not let it.
    if (const auto offload = kernel::offload(interface.name, "rx-gro-hw");
        interface.driver == "virtio_net" && offload && offload->on && !offload->changeable)
        section.add(Severity::Warning, "offload", "rx-gro-hw is on, and cannot be switched off",
                    "virtio_net refuses native XDP while its host joins segments",
                    "on the host: offer ctrl_guest_offloads, or no guest_tso4, guest_tso6, guest_ecn and guest_ufo");
}

// ena gives every channel a second queue to send from by XDP.
void check_ena_channels(Section& section, const kernel::Interface& interface) {
    const auto channels = kernel::receive_channels(interface.name);
    if (channels && channels->used * 2 > channels->max)
        section.add(Severity::Warning, "channels",
                    fmt::format("{} of {} channels are in use", channels->used, channels->max),
                    "ena runs native XDP with half of its channels at most",
                    fmt::format("ethtool -L {} combined {}", interface.name, std::max(1U, channels->max / 2)));
}

// With fewer queues than twice the CPUs it sends by XDP through shared queues, under a lock.
void check_virtio_channels(Section& section, const kernel::Interface& interface) {
    const auto cpus = static_cast<std::uint32_t>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
    const auto channels = kernel::receive_channels(interface.name);
    if (channels && channels->max < 2 * cpus)
        section.add(Severity::Note, "channels", fmt::format("{} channels at most for {} CPUs", channels->max, cpus),
                    "virtio_net wants twice as many as CPUs to send by XDP without a lock; dropping and accepting do "
                    "not need them",
                    "give the guest's device more queues on its host");
}

}  // namespace

std::optional<bool> known_to_run_xdp(const kernel::Interface& interface) {
    if (std::ranges::find(runs_xdp, interface.driver) != std::end(runs_xdp))
        return true;
    if (std::ranges::find(runs_no_xdp, interface.driver) != std::end(runs_no_xdp))
        return false;
    return std::nullopt;
}

void check_driver_settings(Section& section, const kernel::Interface& interface) {
    check_joined_segments(section, interface);
    if (interface.driver == "ena")
        check_ena_channels(section, interface);
    if (interface.driver == "virtio_net")
        check_virtio_channels(section, interface);
}

}  // namespace xdpctl::doctor
