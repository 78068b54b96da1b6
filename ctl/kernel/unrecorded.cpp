// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/unrecorded.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <vector>

#include "kernel/attach.h"
#include "kernel/map_info.h"
#include "kernel/program.h"

namespace xdpctl::kernel {

namespace {

bool uses_map(std::uint32_t program, std::uint32_t map) {
    const Fd fd(bpf_prog_get_fd_by_id(program));
    const auto maps = map_ids(fd.get());
    return maps && std::ranges::find(*maps, map) != maps->end();
}

}  // namespace

Status detach_unrecorded(const LiveChain& chain, IfIndex device) {
    const auto table = chain.devices();
    if (!table)
        return std::unexpected(table.error());
    const auto counters = map_info(chain.maps().device_counters);
    if (!counters)
        return std::unexpected(counters.error());
    for (std::uint32_t program = 0; bpf_prog_get_next_id(program, &program) == 0;) {
        if (std::ranges::find(*table, program, &xdpctl_device::program_id) != table->end() ||
            !uses_map(program, counters->id))
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
