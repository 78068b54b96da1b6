// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/link.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "kernel/pin.h"

namespace xdpctl::kernel {

std::expected<Fd, int> create_link(int program, IfIndex device, bpf_attach_type type, std::uint32_t flags) {
    struct bpf_link_create_opts options{};
    options.sz = sizeof options;
    options.flags = flags;
    Fd link(bpf_link_create(program, static_cast<int>(device), type, &options));
    if (!link.valid())
        return std::unexpected(errno);
    return link;
}

void break_link(const Fd& link) {
    // It fails when the link is broken already, and on hooks that only know closing the last descriptor.
    (void)bpf_link_detach(link.get());
}

Result<std::optional<LinkInfo>> pinned_link(const std::filesystem::path& pin) {
    const Result<Fd> link = open_pin(pin);
    if (!link && link.error().kind == ErrorKind::NotFound)
        return std::nullopt;
    if (!link)
        return std::unexpected(link.error());
    bpf_link_info info{};
    std::uint32_t size = sizeof info;
    if (const int error = bpf_obj_get_info_by_fd(link->get(), &info, &size); error != 0)
        return fail_errno(error, fmt::format("cannot query the link pinned at {}", pin.native()));
    // TCX links tell the device in the same place, which older headers lack a name for.
    return LinkInfo{.program_id = info.prog_id, .device = IfIndex{info.xdp.ifindex}};
}

Status remove_pinned_link(const std::filesystem::path& pin) {
    const Result<Fd> link = open_pin(pin);
    if (!link && link.error().kind == ErrorKind::NotFound)
        return {};
    if (!link)
        return std::unexpected(link.error());
    break_link(*link);
    if (::unlink(pin.c_str()) != 0)
        return fail_errno(errno, fmt::format("cannot remove {}", pin.native()));
    return {};
}

}  // namespace xdpctl::kernel
