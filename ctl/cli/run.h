// SPDX-License-Identifier: BSD-2-Clause
// What the main function of every program does: from the command line to the exit code.
#pragma once

#include "cli/command_line.h"

namespace xdpctl::cli {

// Before anything else.
void prepare_process();
// Does the action, and tells what failed. The exit code.
[[nodiscard]] int run(const CommandLine& command_line);

}  // namespace xdpctl::cli
