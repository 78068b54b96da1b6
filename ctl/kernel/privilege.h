// SPDX-License-Identifier: BSD-2-Clause
// Capabilities of the calling thread: asked before the kernel is, because its EPERM does not say which one is missing.
#pragma once

#include <string_view>
#include <vector>

#include "base/error.h"

namespace xdpctl::kernel {

// Those of CAP_NET_ADMIN, CAP_BPF and CAP_PERFMON that the thread does not have. Changing and reading the running state
// needs all: without CAP_PERFMON the verifier refuses to compare packet pointers as the parser does. CAP_SYS_ADMIN
// covers the last two.
[[nodiscard]] Result<std::vector<std::string_view>> missing_privileges();

// `purpose` completes "cannot ...". Errors: Privilege, naming every capability that is missing.
[[nodiscard]] Status require_privileges(std::string_view purpose);

}  // namespace xdpctl::kernel
