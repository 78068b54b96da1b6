// SPDX-License-Identifier: BSD-2-Clause
// The way of every command that changes something: take the running ruleset, edit it, make the result run.
#pragma once

#include <functional>

#include "base/error.h"
#include "cli/command.h"
#include "kernel/state.h"
#include "ruleset/model.h"

namespace xdpctl::cli {

// Errors: Privilege, before anything is touched; those of kernel::State.
[[nodiscard]] Result<kernel::State> open_for_reading();
[[nodiscard]] Result<kernel::State> open_for_writing(Session& session);

// Warnings go to the session's output, also when the commit fails.
[[nodiscard]] Status commit(Session& session, kernel::State& state, ruleset::Ruleset next,
                            const kernel::CommitOptions& options = {});

// All three steps; returns the state after the commit.
[[nodiscard]] Result<kernel::State> change_ruleset(Session& session,
                                                   const std::function<Status(ruleset::Ruleset&)>& edit);

}  // namespace xdpctl::cli
