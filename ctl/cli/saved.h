// SPDX-License-Identifier: BSD-2-Clause
// A ruleset outside the kernel, with what its text does not say: how its interfaces are attached. In a file it is a
// ruleset that nft and `apply` read too; the rest stands in comments.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cli/command.h"
#include "kernel/state.h"
#include "ruleset/model.h"

namespace xdpctl::cli {

struct Saved {
    ruleset::Ruleset ruleset;                  // counters start with what was counted
    std::map<std::string, xdpctl_mode> modes;  // of the interfaces that were attached at ingress
};

[[nodiscard]] Result<Saved> save_state(const kernel::State& state);

// As the content of a file; without counters if they are not wanted.
[[nodiscard]] std::string print_saved(const Saved& saved, bool with_counters);
// `name` is what errors call the file. Errors: Input for what was not saved by this function, or not whole.
[[nodiscard]] Result<Saved> parse_saved(std::string_view content, const std::string& name);

struct Restored {
    ruleset::Ruleset ruleset;
    std::vector<std::string> missing;  // interfaces that do not exist: attached when a command attaches them
    std::vector<std::string> failed;   // those that could not be attached; warnings say why
};

// Makes it the running ruleset. An interface that is missing or cannot be attached does not keep the rest from running.
// Errors: those of State::commit, for all that has nothing to do with one interface; nothing is changed then.
[[nodiscard]] Result<Restored> restore_state(Session& session, kernel::State& state, Saved saved);

}  // namespace xdpctl::cli
