// SPDX-License-Identifier: BSD-2-Clause
// Programs run inside RCU read-side sections, so a grace period is what has to pass. An update of a map in a map ends
// with one (synchronize_rcu): the kernel promises it, for just this purpose, since 4.19 (commit 1ae80cf31938), on every
// configuration. membarrier(MEMBARRIER_CMD_GLOBAL) waits the same way, but not on nohz_full or single-CPU kernels.
#include <bpf/bpf.h>

#include <cerrno>

#include "kernel/datapath.h"

namespace xdpctl::kernel {

Status wait_for_running_programs() {
    constexpr auto what = "cannot wait for running programs";
    const Fd inner(
        bpf_map_create(BPF_MAP_TYPE_ARRAY, "grace_inner", sizeof(std::uint32_t), sizeof(std::uint32_t), 1, nullptr));
    if (!inner.valid())
        return fail_errno(errno, what);
    LIBBPF_OPTS(bpf_map_create_opts, options);
    options.inner_map_fd = static_cast<std::uint32_t>(inner.get());
    const Fd outer(bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "grace_outer", sizeof(std::uint32_t),
                                  sizeof(std::uint32_t), 1, &options));
    if (!outer.valid())
        return fail_errno(errno, what);
    const std::uint32_t key = 0;
    const int value = inner.get();
    if (bpf_map_update_elem(outer.get(), &key, &value, BPF_ANY) != 0)
        return fail_errno(errno, what);
    return {};
}

}  // namespace xdpctl::kernel
