// SPDX-License-Identifier: BSD-2-Clause
#include <CLI/CLI.hpp>

#include "cli/change.h"
#include "cli/command.h"
#include "stats/render.h"

namespace xdpctl::cli {

namespace {

Status status(Session& session) {
    const auto state = open_for_reading();
    if (!state)
        return std::unexpected(state.error());
    auto devices = state->devices();
    if (!devices)
        return std::unexpected(std::move(devices).error());
    session.output.show(stats::Overview{state->generation(), std::move(*devices), &state->ruleset()});
    return {};
}

}  // namespace

Action declare_status(CLI::App&) {
    return status;
}

}  // namespace xdpctl::cli
