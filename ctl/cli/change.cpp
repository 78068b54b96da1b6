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

}  // namespace xdpctl::cli
