// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/libbpf.h>

#include <cstddef>

#include "kernel/datapath.h"
#include "kernel/map_io.h"

namespace xdpctl::kernel {

Result<std::vector<Count>> read_counters(const Fd& map, std::uint32_t size) {
    const int possible = libbpf_num_possible_cpus();
    if (possible < 0)
        return fail_errno(possible, "cannot count the CPUs");
    const auto cpus = static_cast<std::size_t>(possible);
    std::vector<xdpctl_counter> values(size * cpus);
    XDPCTL_TRY(read_elements(map, size, cpus * sizeof(xdpctl_counter), values.data()));
    std::vector<Count> counts(size);
    for (std::size_t i = 0; i < values.size(); ++i)
        counts[i / cpus] += Count{values[i].packets, values[i].bytes};
    return counts;
}

}  // namespace xdpctl::kernel
