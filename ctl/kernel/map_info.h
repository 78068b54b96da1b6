// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <linux/bpf.h>

#include "base/error.h"
#include "base/fd.h"

namespace xdpctl::kernel {

[[nodiscard]] Result<bpf_map_info> map_info(const Fd& map);

}  // namespace xdpctl::kernel
