// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/map_info.h"

#include <bpf/bpf.h>

#include <cstdint>

namespace xdpctl::kernel {

Result<bpf_map_info> map_info(const Fd& map) {
    bpf_map_info info{};
    std::uint32_t size = sizeof info;
    if (const int error = bpf_obj_get_info_by_fd(map.get(), &info, &size); error != 0)
        return fail_errno(error, "cannot query a map");
    return info;
}

}  // namespace xdpctl::kernel
