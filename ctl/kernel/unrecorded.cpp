// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/unrecorded.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <array>
#include <vector>

#include "kernel/attach.h"

namespace xdpctl::kernel {

namespace {

// More maps than any program of a chain uses.
constexpr std::size_t maps_max = 32;

Result<std::uint32_t> map_id(const Fd& map) {
    bpf_map_info info{};
    std::uint32_t size = sizeof info;
    if (const int error = bpf_obj_get_info_by_fd(map.get(), &info, &size); error != 0)
        return fail_errno(error, "cannot query a map");
    return info.id;
}

bool uses_map(std::uint32_t program, std::uint32_t map) {
    const Fd fd(bpf_prog_get_fd_by_id(program));
    std::array<std::uint32_t, maps_max> maps{};
    bpf_prog_info info{};
    info.nr_map_ids = maps.size();
    info.map_ids = reinterpret_cast<std::uintptr_t>(maps.data());
    std::uint32_t size = sizeof info;
    if (!fd.valid() || bpf_obj_get_info_by_fd(fd.get(), &info, &size) != 0)
        return false;
    const auto end = maps.begin() + std::min<std::size_t>(info.nr_map_ids, maps.size());
    return std::find(maps.begin(), end, map) != end;
}

}  // namespace

Status detach_unrecorded(const LiveChain& chain, IfIndex device) {
    const auto table = chain.devices();
    if (!table)
        return std::unexpected(table.error());
    const auto counters = map_id(chain.maps().device_counters);
    if (!counters)
        return std::unexpected(counters.error());
    for (std::uint32_t program = 0; bpf_prog_get_next_id(program, &program) == 0;) {
        if (std::ranges::find(*table, program, &xdpctl_device::program_id) != table->end() ||
            !uses_map(program, *counters))
            continue;
        for (const xdpctl_attachment kind : {XDPCTL_ATTACHMENT_CLSACT, XDPCTL_ATTACHMENT_XDP_DISPATCHER}) {
            const Attachment attachment{.kind = kind, .mode = XDPCTL_MODE_AUTO, .program_id = program};
            const Status done = detach(device, chain.key().hook, attachment, {});
            // Where libxdp's pins are hidden no dispatcher was used.
            if (!done && done.error().kind != ErrorKind::NotFound)
                return done;
        }
    }
    return {};
}

}  // namespace xdpctl::kernel
