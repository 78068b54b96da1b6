// SPDX-License-Identifier: BSD-2-Clause
// What becomes of a change that waits to be confirmed, told to the operator.
#pragma once

#include "base/error.h"
#include "cli/command.h"
#include "cli/rollback.h"

namespace xdpctl::cli {

// On a terminal: asks, and waits for the answer or for what else becomes of the change. Elsewhere it returns at once.
// Errors: Failed when the change was taken back.
[[nodiscard]] Status ask_for_confirmation(Session& session);

[[nodiscard]] Status report_confirmed(Session& session, bool kept);
[[nodiscard]] std::unexpected<Error> not_confirmed(PendingChange::Answer answer);

}  // namespace xdpctl::cli
