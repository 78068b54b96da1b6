// SPDX-License-Identifier: BSD-2-Clause
// Runs programs and collects what they print.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace xdpctl::test {

struct CommandResult {
    int status = -1;  // exit status; 128 + signal when killed by one
    std::string out;
    std::string err;
};

// Runs argv[0] (found through PATH) in the calling thread's namespaces with `input` as its standard input; kills it
// after `timeout`. Throws std::runtime_error when it cannot be started.
CommandResult run_command(const std::vector<std::string>& argv, const std::string& input = {},
                          std::chrono::milliseconds timeout = std::chrono::seconds(30));

// The same for a shell command that must succeed: throws with its output when it does not. Returns its stdout.
std::string shell(const std::string& command);

}  // namespace xdpctl::test
