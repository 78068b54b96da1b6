// SPDX-License-Identifier: BSD-2-Clause
// The way of every command that changes something: take the running ruleset, edit it, make the result run.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "base/error.h"
#include "cli/command.h"
#include "kernel/count_reader.h"
#include "kernel/overlay.h"
#include "kernel/state.h"
#include "ruleset/model.h"

namespace xdpctl::cli {

// Errors: Privilege, before anything is touched; those of kernel::State.
[[nodiscard]] Result<kernel::State> open_for_reading();
[[nodiscard]] Result<kernel::CountReader> open_for_counting();
[[nodiscard]] Result<kernel::State> open_for_writing(Session& session);

// Warnings go to the session's output, also when the commit fails.
[[nodiscard]] Status commit(Session& session, kernel::State& state, ruleset::Ruleset next,
                            const kernel::CommitOptions& options = {});

// The ruleset after a change: it runs, or will at the end of the batch.
class Changed {
public:
    explicit Changed(kernel::State state) : state_(std::move(state)) {}
    explicit Changed(const ruleset::Ruleset& pending) : pending_(&pending) {}
    // Without the rules that nothing had to be known of.
    explicit Changed(ruleset::Ruleset&& part) : part_(std::move(part)) {}

    [[nodiscard]] const ruleset::Ruleset& ruleset() const {
        return state_ ? state_->ruleset() : part_ ? *part_ : *pending_;
    }

private:
    std::optional<kernel::State> state_;
    std::optional<ruleset::Ruleset> part_;
    const ruleset::Ruleset* pending_ = nullptr;
};

// All three steps, or in a batch an edit that waits for the others of its group.
[[nodiscard]] Result<Changed> change_ruleset(Session& session, const std::function<Status(ruleset::Ruleset&)>& edit);
// The same for an edit that puts rules into chains or takes them out: without the rules that are in tables where that
// is enough (kernel/overlay.h). The edit may be made twice, first on a ruleset without these; where it fails there,
// `erase` may take a rule out of the tables, or return false.
[[nodiscard]] Result<Changed> change_rules(Session& session, const std::function<Status(ruleset::Ruleset&)>& edit,
                                           const std::function<Result<bool>(kernel::RuleOverlay&)>& erase = {});

}  // namespace xdpctl::cli
