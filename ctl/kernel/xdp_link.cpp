// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/xdp_link.h"

#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/if_link.h>

#include <cerrno>
#include <cstring>

#include "kernel/link.h"
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

// The kernel's reason reaches no bpf_link caller, only its errno: this tells what drivers mean by it.
std::unexpected<Error> refusal(const Interface& interface, xdpctl_mode mode, int error, bool frags) {
    const std::string what = fmt::format("cannot attach to {} in {} mode", interface.name, mode_name(mode));
    const bool too_big = error == ERANGE || error == EINVAL || error == E2BIG;
    if (error == EPERM || error == EACCES || error == ENODEV)
        return fail_errno(error, what);
    if (error == EBUSY || error == EEXIST)
        return fail(ErrorKind::Busy, what, "another XDP program was attached in the meantime");
    if (mode == XDPCTL_MODE_OFFLOAD)
        return fail(
            ErrorKind::Unsupported, what,
            fmt::format("{} cannot run the program in hardware ({})", driver_of(interface), std::strerror(error)),
            "use --mode native");
    if (error == EOPNOTSUPP)
        return fail(ErrorKind::Unsupported, what, fmt::format("{} has no native XDP", driver_of(interface)),
                    "use --mode generic or --mode tc");
    if (too_big && interface.mtu > standard_mtu)
        return fail(ErrorKind::Unsupported, what,
                    fmt::format("the MTU of {} is too large for native XDP{}", interface.mtu,
                                frags ? fmt::format(" of {}", driver_of(interface))
                                      : std::string(" on a kernel without xdp.frags (5.18)")),
                    "use --mode generic or --mode tc, or a smaller MTU (ip link set dev NAME mtu N) on both ends");
    if (error == ENOSPC && interface.kind == "veth")
        return fail(ErrorKind::Unsupported, what, "its peer has more transmit queues than it has receive queues",
                    fmt::format("raise them: ethtool -L {} rx N; or use --mode generic or --mode tc", interface.name));
    return fail(ErrorKind::Unsupported, what, fmt::format("{} refused: {}", driver_of(interface), std::strerror(error)),
                "use --mode generic or --mode tc");
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
        done = pin_link(*link, pin);
    if (!done) {
        break_link(*link);
        return std::unexpected(std::move(done).error());
    }
    return Attachment{.kind = XDPCTL_ATTACHMENT_XDP_LINK, .mode = mode, .program_id = *id};
}

}  // namespace xdpctl::kernel
