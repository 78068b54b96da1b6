// SPDX-License-Identifier: BSD-2-Clause
// The command line to an action.
#pragma once

#include <chrono>
#include <span>

#include "base/error.h"
#include "cli/command.h"
#include "cli/output.h"

namespace xdpctl::cli {

struct CommandLine {
    Output::Format format = Output::Format::Text;
    bool quiet = false;
    std::chrono::milliseconds lock_timeout{};
    // Help is an action too. Errors: Usage.
    Result<Action> action;
};

[[nodiscard]] CommandLine parse_command_line(std::span<const char* const> arguments);

}  // namespace xdpctl::cli
