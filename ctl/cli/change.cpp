// SPDX-License-Identifier: BSD-2-Clause
#include "cli/change.h"

#include "cli/batch.h"
#include "kernel/privilege.h"

namespace xdpctl::cli {

Result<kernel::State> open_for_reading() {
    XDPCTL_TRY(kernel::require_privileges("read the running ruleset"));
    return kernel::State::open();
}

Result<kernel::CountReader> open_for_counting() {
    XDPCTL_TRY(kernel::require_privileges("read the counters"));
    return kernel::CountReader::open();
}

Result<kernel::State> open_for_writing(Session& session) {
    XDPCTL_TRY(kernel::require_privileges("change the running ruleset"));
    kernel::Warnings warnings;
    auto state = kernel::State::open_for_writing(session.lock_timeout, warnings);
    session.output.warn(warnings);
    return state;
}

Status commit(Session& session, kernel::State& state, ruleset::Ruleset next, const kernel::CommitOptions& options) {
    kernel::Warnings warnings;
    Status status = state.commit(std::move(next), options, warnings);
    session.output.warn(warnings);
    return status;
}

Result<Changed> change_ruleset(Session& session, const std::function<Status(ruleset::Ruleset&)>& edit) {
    if (session.batch != nullptr) {
        XDPCTL_TRY(session.batch->edit(edit));
        return Changed(*session.batch->pending());
    }
    auto state = open_for_writing(session);
    if (!state)
        return std::unexpected(std::move(state).error());
    ruleset::Ruleset next = state->ruleset();
    XDPCTL_TRY(edit(next));
    XDPCTL_TRY(commit(session, *state, std::move(next)));
    return Changed(*std::move(state));
}

namespace {

// Nothing when it takes all rules.
Result<std::optional<ruleset::Ruleset>> change_overlay(Session& session,
                                                       const std::function<Status(ruleset::Ruleset&)>& edit,
                                                       const std::function<Result<bool>(kernel::RuleOverlay&)>& erase) {
    XDPCTL_TRY(kernel::require_privileges("change the running ruleset"));
    auto overlay = kernel::RuleOverlay::open_for_writing(session.lock_timeout);
    if (!overlay)
        return std::unexpected(std::move(overlay).error());
    if (!*overlay)
        return std::nullopt;
    ruleset::Ruleset next = (*overlay)->ruleset();
    const auto changed = edit(next) ? (*overlay)->commit(next) : erase ? erase(**overlay) : false;
    if (!changed)
        return std::unexpected(changed.error());
    return *changed ? std::optional(std::move(next)) : std::nullopt;
}

}  // namespace

Result<Changed> change_rules(Session& session, const std::function<Status(ruleset::Ruleset&)>& edit,
                             const std::function<Result<bool>(kernel::RuleOverlay&)>& erase) {
    if (session.batch == nullptr) {
        auto changed = change_overlay(session, edit, erase);
        if (!changed)
            return std::unexpected(std::move(changed).error());
        if (*changed)
            return Changed(**std::move(changed));
    }
    return change_ruleset(session, edit);
}

}  // namespace xdpctl::cli
