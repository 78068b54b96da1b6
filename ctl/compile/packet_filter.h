// SPDX-License-Identifier: BSD-2-Clause
// Classic BPF, as libpcap makes it of a filter expression, to the function that observers ask
// (maps/lib/observe.bpf.h, filter_frame).
#pragma once

#include <linux/bpf.h>
#include <linux/filter.h>

#include <span>
#include <vector>

#include "base/error.h"

namespace xdpctl::compile {

// Errors: Unsupported for instructions that libpcap does not make for frames, Limit when a jump is too long.
[[nodiscard]] Result<std::vector<bpf_insn>> packet_filter(std::span<const sock_filter> program);

}  // namespace xdpctl::compile
