// SPDX-License-Identifier: BSD-2-Clause
// Many changes of the running ruleset in one go: a group of lines of `xdpctl -b`. Changes of the ruleset are edits of
// one copy, which a commit makes run; elements of looked-up sets change one by one in the maps.
#pragma once

#include <functional>
#include <optional>

#include "base/error.h"
#include "cli/command.h"
#include "kernel/set_change.h"
#include "kernel/state.h"
#include "ruleset/model.h"

namespace xdpctl::cli {

class Batch {
public:
    explicit Batch(Session& session) : session_(session) {}

    // The ruleset after the edits that wait for a commit; null when none does.
    [[nodiscard]] const ruleset::Ruleset* pending() const { return next_ ? &*next_ : nullptr; }
    [[nodiscard]] Status edit(const std::function<Status(ruleset::Ruleset&)>& edit);
    // Commits what waits before. Null when there is no set that could change without a commit.
    [[nodiscard]] Result<kernel::LiveSets*> elements();
    // What waits. Gives the writer's lock back.
    [[nodiscard]] Status commit();

private:
    Session& session_;
    std::optional<kernel::State> state_;
    std::optional<ruleset::Ruleset> next_;
    std::optional<kernel::LiveSets> writer_;
};

// `path`: - is standard input. Errors: those of the first line that fails, and which it is.
[[nodiscard]] Status run_batch(Session& session, const std::string& path);

}  // namespace xdpctl::cli
