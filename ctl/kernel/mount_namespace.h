// SPDX-License-Identifier: BSD-2-Clause
// Mount namespaces: `ip netns exec` runs its command in a private one, so what is mounted there is gone with the
// command.
#pragma once

#include <functional>

#include "base/error.h"
#include "base/fd.h"

namespace xdpctl::kernel {

// The mount namespace that outlives this process, when this process runs in another one: pid 1's, or where that cannot
// be looked at the one of the oldest visible ancestor. An invalid Fd when this process is in it already.
[[nodiscard]] Fd outer_mount_namespace();

// Runs `action` on a thread of its own inside the mount namespace; the caller's threads stay where they are.
[[nodiscard]] Result<Fd> in_mount_namespace(const Fd& mount_namespace, const std::function<Result<Fd>()>& action);

}  // namespace xdpctl::kernel
