// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/bpf.h>

#include <cerrno>
#include <optional>

#include "kernel/datapath.h"

namespace xdpctl::kernel {

namespace {

std::unexpected<Error> unreadable(int error) {
    return fail_errno(error, "cannot read counters");
}

Count sum(std::span<const xdpctl_counter> per_cpu) {
    Count count;
    for (const auto& [packets, bytes] : per_cpu)
        count += Count{packets, bytes};
    return count;
}

// The values of all elements, those of an element's CPUs together; none where the kernel has no batches for the map.
Result<std::optional<std::vector<xdpctl_counter>>> read_batch(const Fd& map, std::uint32_t size, std::size_t cpus) {
    std::vector<xdpctl_counter> values(size * cpus);
    std::vector<std::uint32_t> keys(size);
    std::uint32_t count = size;
    std::uint32_t position = 0;
    if (bpf_map_lookup_batch(map.get(), nullptr, &position, keys.data(), values.data(), &count, nullptr) == 0)
        return values;
    constexpr int kernel_enotsupp = 524;
    // ENOENT: the map ends here.
    if (errno == ENOENT && count == size)
        return values;
    if (errno == EINVAL || errno == EOPNOTSUPP || errno == kernel_enotsupp)
        return std::nullopt;
    return unreadable(errno);
}

}  // namespace

Result<std::vector<Count>> read_counters(const Fd& map, std::uint32_t size) {
    const int possible = libbpf_num_possible_cpus();
    if (possible < 0)
        return unreadable(possible);
    const auto cpus = static_cast<std::size_t>(possible);
    auto batch = read_batch(map, size, cpus);
    if (!batch)
        return std::unexpected(std::move(batch).error());
    std::vector<xdpctl_counter> element(cpus);
    std::vector<Count> counts(size);
    for (std::uint32_t key = 0; key < size; ++key) {
        if (batch->has_value()) {
            counts[key] = sum(std::span(**batch).subspan(key * cpus, cpus));
            continue;
        }
        if (bpf_map_lookup_elem(map.get(), &key, element.data()) != 0)
            return unreadable(errno);
        counts[key] = sum(element);
    }
    return counts;
}

}  // namespace xdpctl::kernel
