// SPDX-License-Identifier: BSD-2-Clause
// The running ruleset, or a part of it, with its live counters.
#pragma once

#include <functional>
#include <optional>

#include "base/error.h"
#include "cli/command.h"
#include "cli/options.h"
#include "ruleset/edit.h"
#include "ruleset/model.h"

namespace xdpctl::cli {

struct Selection {
    std::optional<ruleset::ChainName> chain;
    std::optional<ruleset::Hook> hook;
};

// Errors: NotFound when a chain is named that does not exist.
[[nodiscard]] Status list(Session& session, const Selection& selection, const ListOptions& options);

// What is left of the ruleset is listed; as nft, without the tables' own entries in JSON.
using KeepParts = std::function<Status(ruleset::Ruleset&)>;
[[nodiscard]] Status list_parts(Session& session, const KeepParts& keep, const ListOptions& options);

}  // namespace xdpctl::cli
