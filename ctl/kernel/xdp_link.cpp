// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/xdp_link.h"

#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/if_link.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "kernel/link.h"
#include "kernel/pin.h"
#include "kernel/program.h"

namespace xdpctl::kernel {

namespace {

constexpr std::uint32_t standard_mtu = 1500;

std::uint32_t link_flags(xdpctl_mode mode) {
    switch (mode) {
    case XDPCTL_MODE_GENERIC:
        return XDP_FLAGS_SKB_MODE;
    case XDPCTL_MODE_OFFLOAD:
        return XDP_FLAGS_HW_MODE;
    default:
        return XDP_FLAGS_DRV_MODE;
    }
}

const char* mode_name(xdpctl_mode mode) {
    switch (mode) {
    case XDPCTL_MODE_GENERIC:
        return "generic";
    case XDPCTL_MODE_OFFLOAD:
        return "offload";
    default:
        return "native";
    }
}

std::string driver_of(const Interface& interface) {
    const std::string& name = interface.driver.empty() ? interface.kind : interface.driver;
    return name.empty() ? "the driver" : fmt::format("the driver {}", name);
}

std::string what_failed(const Interface& interface, xdpctl_mode mode) {
    return fmt::format("cannot attach to {} in {} mode", interface.name, mode_name(mode));
}

// The kernel's reason reaches no bpf_link caller, only its errno: this tells what drivers mean by it.
std::string native_reason(const Interface& interface, int error, bool frags) {
    const bool may_be_size = error == ERANGE || error == EINVAL || error == E2BIG;
    if (error == EOPNOTSUPP)
        return fmt::format("{} has no native XDP", driver_of(interface));
    if (may_be_size && interface.mtu > standard_mtu && !frags)
        return fmt::format("its MTU of {} is too large for native XDP on a kernel without xdp.frags (Linux 5.18)",
                           interface.mtu);
    if (may_be_size && interface.mtu > standard_mtu)
        return fmt::format("its MTU of {} is too large for native XDP by {}", interface.mtu, driver_of(interface));
    if (error == ENOSPC && interface.kind == "veth")
        return fmt::format("its peer has more transmit queues than it has receive queues (ethtool -L {} rx N)",
                           interface.name);
    return fmt::format("{} refused: {}", driver_of(interface), std::strerror(error));
}

std::unexpected<Error> cannot_offload(const Interface& interface, std::string_view reason) {
    return fail(ErrorKind::Unsupported, what_failed(interface, XDPCTL_MODE_OFFLOAD),
                fmt::format("{} does not take the program into its hardware: {}", driver_of(interface), reason),
                "use --mode native");
}

std::unexpected<Error> refusal(const Interface& interface, xdpctl_mode mode, int error, bool frags) {
    if (error == EPERM || error == EACCES || error == ENODEV)
        return fail_errno(error, what_failed(interface, mode));
    if (error == EBUSY || error == EEXIST)
        return fail(ErrorKind::Busy, what_failed(interface, mode), "another XDP program was attached in the meantime");
    if (mode == XDPCTL_MODE_OFFLOAD)
        return cannot_offload(interface, std::strerror(error));
    if (mode == XDPCTL_MODE_NATIVE)
        return fail(ErrorKind::Unsupported, what_failed(interface, mode), native_reason(interface, error, frags),
                    "use --mode generic or --mode tc");
    return fail(ErrorKind::Unsupported, what_failed(interface, mode), std::strerror(error), "use --mode tc");
}

Status prove_active(const Interface& interface, xdpctl_mode mode, std::uint32_t id) {
    const Result<std::optional<Interface>> now = query_interface(interface.index);
    if (!now)
        return std::unexpected(now.error());
    if (!*now || xdp_program(**now, mode) != id)
        return fail(ErrorKind::Failed,
                    fmt::format("{} does not run the program after it was attached", interface.name));
    return {};
}

}  // namespace

std::uint32_t xdp_program(const Interface& interface, xdpctl_mode mode) {
    switch (mode) {
    case XDPCTL_MODE_GENERIC:
        return interface.xdp_program_generic;
    case XDPCTL_MODE_OFFLOAD:
        return interface.xdp_program_offload;
    default:
        return interface.xdp_program_native;
    }
}

Result<Attachment> attach_xdp_link(const Interface& interface, xdpctl_mode mode, EntryObject entry,
                                   const std::filesystem::path& pin) {
    if (mode == XDPCTL_MODE_OFFLOAD)
        bpf_program__set_ifindex(entry.program(), static_cast<std::uint32_t>(interface.index));
    const Result<int> program = entry.load();
    if (!program && mode == XDPCTL_MODE_OFFLOAD && program.error().kind != ErrorKind::Privilege)
        return cannot_offload(interface, "the kernel refused to load it for this device");
    if (!program)
        return std::unexpected(program.error());
    const Result<std::uint32_t> id = program_id(*program);
    if (!id)
        return std::unexpected(id.error());

    const std::expected<Fd, int> link = create_link(*program, interface.index, BPF_XDP, link_flags(mode));
    if (!link) {
        const bool frags = (bpf_program__flags(entry.program()) & BPF_F_XDP_HAS_FRAGS) != 0;
        return refusal(interface, mode, link.error(), frags);
    }
    Status done = prove_active(interface, mode, *id);
    if (done)
        done = pin_object(*link, pin);
    if (!done) {
        break_link(*link);
        return std::unexpected(std::move(done).error());
    }
    return Attachment{.kind = XDPCTL_ATTACHMENT_XDP_LINK, .mode = mode, .program_id = *id};
}

}  // namespace xdpctl::kernel
