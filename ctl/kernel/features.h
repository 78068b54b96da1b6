// SPDX-License-Identifier: BSD-2-Clause
// What the running kernel can do, found by trying it on objects that nobody else sees; never by its version, which says
// little about kernels with backports. See also load.h, tcx.h and libxdp.h.
#pragma once

namespace xdpctl::kernel {

// BPF_MAP_TYPE_RINGBUF (Linux 5.8).
[[nodiscard]] bool ring_buffers_supported();

// All elements of a per-CPU array in one call (Linux 5.13).
[[nodiscard]] bool per_cpu_batches_supported();

// BPF_PROG_TEST_RUN with BPF_F_TEST_XDP_LIVE_FRAMES (Linux 5.18).
[[nodiscard]] bool live_frames_supported();

}  // namespace xdpctl::kernel
