// SPDX-License-Identifier: BSD-2-Clause
// Capabilities of the calling thread: asked before the kernel is, because its EPERM does not say which one is missing.
#pragma once

#include <string_view>

#include "base/error.h"

namespace xdpctl::kernel {

// What changing or reading the running state needs: CAP_NET_ADMIN, CAP_BPF, and CAP_PERFMON, without which the verifier
// refuses to compare packet pointers as the parser does. CAP_SYS_ADMIN covers the last two.
// `purpose` completes "cannot ...". Errors: Privilege, naming every capability that is missing.
[[nodiscard]] Status require_privileges(std::string_view purpose);

}  // namespace xdpctl::kernel
