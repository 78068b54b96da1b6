// SPDX-License-Identifier: BSD-2-Clause
// What judging a packet by the running ruleset costs, chain by chain.
#pragma once

#include "base/error.h"
#include "cli/command.h"

namespace xdpctl::cli {

[[nodiscard]] Status list_cost(Session& session);

}  // namespace xdpctl::cli
