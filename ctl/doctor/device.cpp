// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "doctor/driver.h"
#include "doctor/examine.h"
#include "doctor/hook.h"
#include "doctor/interrupts.h"
#include "kernel/ethtool.h"
#include "kernel/vlan_tags.h"
#include "kernel/xdp_features.h"
#include "stats/names.h"

namespace xdpctl::doctor {

namespace {

using kernel::Interface;

bool is_active(const kernel::DeviceStatus& place) {
    return place.presence == kernel::Presence::Active;
}

void check_link(Section& section, const Interface& interface) {
    const std::string what = fmt::format("{}{}{}, MTU {}", interface.kind.empty() ? "device" : interface.kind,
                                         interface.driver.empty() ? "" : ", driver ", interface.driver, interface.mtu);
    if (interface.up)
        section.ok("link", what + ", up");
    else
        section.add(Severity::Note, "link", what + ", down", "nothing is received",
                    fmt::format("ip link set {} up", interface.name));
}

// Frames longer than this do not fit into one buffer: a page without the headroom of XDP, the kernel's account of the
// buffer, and an Ethernet header with two tags.
std::uint32_t one_buffer_mtu() {
    constexpr std::uint32_t headroom = 256;
    constexpr std::uint32_t shared_info = 320;
    constexpr std::uint32_t link_header = 14 + 2 * 4;
    return static_cast<std::uint32_t>(::sysconf(_SC_PAGESIZE)) - headroom - shared_info - link_header;
}

void check_mtu(Section& section, const Device& device, const std::optional<kernel::XdpFeatures>& features) {
    const Interface& interface = device.interface;
    if (interface.mtu <= one_buffer_mtu())
        return section.ok("mtu", fmt::format("{}: a frame fits into one buffer", interface.mtu));
    if (device.is_attached(XDPCTL_MODE_TC) || device.is_attached(XDPCTL_MODE_GENERIC))
        return section.ok("mtu", fmt::format("{}: TC and generic mode take frames of any size", interface.mtu));
    if (features && features->frags)
        return section.ok("mtu", fmt::format("{}: the driver gives XDP frames in several buffers", interface.mtu));
    section.add(features && features->native ? Severity::Warning : Severity::Note, "mtu",
                fmt::format("{}: a frame does not fit into one buffer", interface.mtu),
                "native XDP is refused if the driver cannot give it frames in several buffers",
                fmt::format("ip link set {0} mtu {1}, or attach with --mode tc", interface.name, one_buffer_mtu()));
}

void explain_no_native(Section& section, const Device& device) {
    const Interface& interface = device.interface;
    std::string what = "no native XDP";
    std::string fix = fmt::format("xdpctl attach {} --mode tc", interface.name);
    if (interface.kind == "vlan" && interface.link) {
        const auto lower = std::ranges::find(device.all, *interface.link, &Interface::index);
        if (lower != device.all.end() && !interface.link_namespace)
            fix = fmt::format("attach to {} and match vlan id there, or {}", lower->name, fix);
    }
    section.add(Severity::Note, "native-xdp", what,
                "attach takes generic mode, which judges a packet after the kernel has built a buffer for it; TC does "
                "the same with fewer traps",
                fix);
}

void check_native(Section& section, const Device& device, const std::optional<kernel::XdpFeatures>& features) {
    const Interface& interface = device.interface;
    const std::optional<bool> native = features ? std::optional(features->native) : known_to_run_xdp(interface);
    if (!native)
        return section.add(Severity::Note, "native-xdp", "this kernel does not tell what the driver can do",
                           "attaching tells, and takes generic mode when there is no native one");
    if (!*native)
        return explain_no_native(section, device);
    if (device.is_attached(XDPCTL_MODE_GENERIC))
        return section.add(Severity::Warning, "native-xdp",
                           "attached in generic mode, though the driver has native XDP",
                           "a packet costs more than it has to",
                           fmt::format("xdpctl detach {0} && xdpctl attach {0} --mode native", interface.name));
    section.ok("native-xdp", features ? fmt::format("the driver has it{}{}", features->frags ? ", with frags" : "",
                                                    features->offload ? ", and offload" : "")
                                      : "the driver is known to have it");
}

void check_tags(Section& section, const Device& device) {
    const auto warning = kernel::hidden_tags_warning(device.interface);
    if (!warning)
        return section.ok("vlan", "XDP sees VLAN tags");
    if (device.is_attached(XDPCTL_MODE_TC))
        return section.ok("vlan", "tags travel beside the frames, where TC sees them");
    // "IFACE: reason; run `command`, or ...": the warning that attach gives, in its parts.
    const std::size_t reason = device.interface.name.size() + 1;
    const std::size_t run = std::min(warning->find("; run "), warning->size());
    section.add(Severity::Warning, "vlan", "VLAN tags travel beside the frames", warning->substr(reason, run - reason),
                warning->substr(std::min(run + 6, warning->size())));
}

void check_queues(Section& section, const Interface& interface) {
    const long cpus = ::sysconf(_SC_NPROCESSORS_ONLN);
    const auto channels = kernel::receive_channels(interface.name);
    const std::uint32_t used = channels ? channels->used : 0;
    if (used == 1 && cpus > 1 && channels->max > 1)
        section.add(Severity::Note, "queues", fmt::format("1 of {} receive queues is in use", channels->max),
                    "all its packets are judged on one CPU at a time",
                    fmt::format("ethtool -L {} {} {}", interface.name, channels->combined ? "combined" : "rx",
                                std::min<long>(cpus, channels->max)));
    else if (used > 0)
        section.ok("queues",
                   fmt::format("{} receive queue{}, {} CPU{}", used, used == 1 ? "" : "s", cpus, cpus == 1 ? "" : "s"));
    const Interrupts interrupts = interrupts_of(interface);
    if (interrupts.number == 0)
        return;
    const std::string what =
        fmt::format("{} interrupts on CPU {}", interrupts.number, fmt::join(interrupts.cpus, ", "));
    if (used > 1 && cpus > 1 && interrupts.cpus.size() == 1)
        section.add(Severity::Warning, "interrupts", what, "all queues are served, and all packets judged, by one CPU",
                    "systemctl start irqbalance, or write to /proc/irq/*/smp_affinity_list");
    else
        section.ok("interrupts", what);
}

std::vector<std::string> names_of(std::span<const Interface> all, const auto& select) {
    std::vector<std::string> names;
    for (const Interface& interface : all)
        if (select(interface))
            names.push_back(interface.name);
    return names;
}

void check_bond(Section& section, const Device& device) {
    const Interface& bond = device.interface;
    const auto members = names_of(device.all, [&](const Interface& other) { return other.master == bond.index; });
    if (members.empty())
        return section.add(Severity::Warning, "bond", "the bond has no members", "nothing is received",
                           fmt::format("ip link set MEMBER master {}", bond.name));
    section.ok("bond", fmt::format("members {}", fmt::join(members, ", ")));
    for (const Interface& other : device.all) {
        const bool taken = other.master == bond.index && bond.xdp_program_native == 0 && other.xdp_program_native != 0;
        if (taken)
            section.add(Severity::Warning, "bond", fmt::format("member {} runs an XDP program of its own", other.name),
                        "the kernel gives a bond no native program while a member has one",
                        fmt::format("attach to the members only, or take it off {}", other.name));
    }
}

void check_relatives(Section& section, const Device& device) {
    const Interface& interface = device.interface;
    if (interface.kind == "bond")
        check_bond(section, device);
    if (interface.master) {
        const auto master = std::ranges::find(device.all, *interface.master, &Interface::index);
        if (master != device.all.end())
            section.ok("master", fmt::format("{} {}: packets are judged here, before they get there",
                                             master->kind.empty() ? "device" : master->kind, master->name));
    }
    const auto children = names_of(device.all, [&](const Interface& other) {
        return other.kind == "vlan" && other.link == interface.index && !other.link_namespace;
    });
    if (!children.empty())
        section.ok("vlan-children", fmt::format("{}: their packets are judged here, with their tag; 'vlan id' tells "
                                                "them apart",
                                                fmt::join(children, ", ")));
}

}  // namespace

bool Device::runs(std::uint32_t program) const {
    return std::ranges::any_of(places, [&](const kernel::DeviceStatus& place) {
        return is_active(place) && place.attachment.program_id == program;
    });
}

bool Device::is_attached(xdpctl_mode mode) const {
    return std::ranges::any_of(
        places, [&](const kernel::DeviceStatus& place) { return is_active(place) && place.attachment.mode == mode; });
}

bool Device::is_attached(ruleset::Hook hook) const {
    return std::ranges::any_of(
        places, [&](const kernel::DeviceStatus& place) { return is_active(place) && place.hook == hook; });
}

Section examine_device(const Device& device) {
    Section section{.subject = device.interface.name, .findings = {}};
    // A device whose driver cannot be asked is examined by what is known of it.
    const auto features = kernel::xdp_features(device.interface.index).value_or(std::nullopt);
    check_link(section, device.interface);
    check_native(section, device, features);
    check_driver_settings(section, device.interface);
    check_mtu(section, device, features);
    check_tags(section, device);
    check_queues(section, device.interface);
    check_relatives(section, device);
    check_xdp_hook(section, device);
    check_tc_hooks(section, device);
    return section;
}

}  // namespace xdpctl::doctor
