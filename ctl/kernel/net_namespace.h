// SPDX-License-Identifier: BSD-2-Clause
// Network namespaces other than the calling thread's.
#pragma once

#include <cstdint>
#include <functional>

#include "base/fd.h"

namespace xdpctl::kernel {

// The namespace that rtnetlink calls by this id in the calling thread's one. Invalid when no process and no name below
// /run/netns leads there.
[[nodiscard]] Fd find_net_namespace(std::int32_t id);

// Runs `action` inside on a thread of its own; false when the namespace cannot be entered.
bool in_net_namespace(const Fd& net_namespace, const std::function<void()>& action);

}  // namespace xdpctl::kernel
