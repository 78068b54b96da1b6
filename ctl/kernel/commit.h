// SPDX-License-Identifier: BSD-2-Clause
// The change of the running ruleset, all or nothing:
//
//   plan     everything that can be decided without changing anything (plan.h)
//   prepare  pin the new generation below next/: chains, stored ruleset, loaded classifiers
//   attach   put entry programs on new devices; each joins its chain as it runs, so none is ever without rules
//   publish  one PROG_ARRAY update per chain and layer; from the first one on the new generation runs
//   settle   name the generation, take off devices that left, remove the old generation
//
// A failure before or while publishing undoes what was done; a writer killed there is undone, one killed after the
// first update is finished, by the next writer (settle.h).
#pragma once

#include "base/error.h"
#include "kernel/live.h"
#include "kernel/state.h"
#include "kernel/warnings.h"
#include "ruleset/model.h"

namespace xdpctl::kernel {

// REQUIRES: the writer's lock; `live` as recover() or a commit left it.
[[nodiscard]] Status commit(Live& live, ruleset::Ruleset next, const CommitOptions& options, Warnings& warnings);

}  // namespace xdpctl::kernel
