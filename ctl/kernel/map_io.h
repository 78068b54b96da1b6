// SPDX-License-Identifier: BSD-2-Clause
// Reading and zeroing many array elements: in one syscall where the kernel has batches, else one by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/fd.h"

namespace xdpctl::kernel {

// The first `size` elements of an array map into `values`, which has room for them. Of a per-CPU array an element is
// the values of all CPUs.
[[nodiscard]] Status read_elements(const Fd& map, std::uint32_t size, std::size_t value_size, void* values);

template <typename T>
[[nodiscard]] Result<std::vector<T>> read_array(const Fd& map, std::uint32_t size) {
    std::vector<T> values(size);
    XDPCTL_TRY(read_elements(map, size, sizeof(T), values.data()));
    return values;
}

// Zeroes counters of a per-CPU array (struct xdpctl_counter) on every CPU.
[[nodiscard]] Status zero_counters(const Fd& map, std::span<const std::uint32_t> indices);

// Zeroes every counter of a per-CPU array while programs may count: a packet on the way is counted before or after.
[[nodiscard]] Status reset_counters(const Fd& map, std::uint32_t size);

}  // namespace xdpctl::kernel
