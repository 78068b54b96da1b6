// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/map_io.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cerrno>

#include "kernel/datapath.h"
#include "maps/counter.h"

namespace xdpctl::kernel {

Status read_elements(const Fd& map, std::uint32_t size, std::size_t value_size, void* values) {
    std::vector<std::uint32_t> keys(size);
    std::uint32_t next_batch = 0;
    std::uint32_t count = size;
    const int batch = bpf_map_lookup_batch(map.get(), nullptr, &next_batch, keys.data(), values, &count, nullptr);
    if ((batch == 0 || batch == -ENOENT) && count == size)
        return {};
    auto* out = static_cast<std::byte*>(values);
    for (std::uint32_t i = 0; i < size; ++i, out += value_size) {
        if (const int error = bpf_map_lookup_elem(map.get(), &i, out); error != 0)
            return fail_errno(error, "cannot read a map");
    }
    return {};
}

Status zero_counters(const Fd& map, std::span<const std::uint32_t> indices) {
    if (indices.empty())
        return {};
    const int cpus = libbpf_num_possible_cpus();
    if (cpus < 0)
        return fail_errno(cpus, "cannot count the CPUs");
    const std::vector<xdpctl_counter> zeros(static_cast<std::size_t>(cpus) * indices.size());
    auto count = static_cast<std::uint32_t>(indices.size());
    if (bpf_map_update_batch(map.get(), indices.data(), zeros.data(), &count, nullptr) == 0)
        return {};
    for (const std::uint32_t index : indices) {
        if (const int error = bpf_map_update_elem(map.get(), &index, zeros.data(), BPF_ANY); error != 0)
            return fail_errno(error, "cannot reset a counter");
    }
    return {};
}

Status reset_counters(const Fd& map, std::uint32_t size) {
    // A program that adds to a counter at the very moment may write the old number back: such a counter did not become
    // smaller, and is zeroed again.
    constexpr int attempts = 3;
    auto before = read_counters(map, size);
    for (int attempt = 0; before && attempt < attempts; ++attempt) {
        std::vector<std::uint32_t> indices;
        for (std::uint32_t i = 0; i < size; ++i) {
            if ((*before)[i] != Count{})
                indices.push_back(i);
        }
        XDPCTL_TRY(zero_counters(map, indices));
        auto after = read_counters(map, size);
        if (!after)
            return std::unexpected(std::move(after).error());
        for (std::uint32_t i = 0; i < size; ++i) {
            if ((*after)[i].packets < (*before)[i].packets)
                (*after)[i] = {};
        }
        before = std::move(after);
    }
    if (!before)
        return std::unexpected(std::move(before).error());
    return {};
}

}  // namespace xdpctl::kernel
