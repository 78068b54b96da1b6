// SPDX-License-Identifier: BSD-2-Clause
// The command line to an action.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

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
// Of a program that is one command, named by its noun.
[[nodiscard]] CommandLine parse_command_line(std::span<const char* const> arguments, const Command& only);

// What a command changes, as a line of a batch.
enum class BatchRole : std::uint8_t {
    Ruleset,   // with the others of its group, at once
    Elements,  // of a set, on its own
};

struct BatchLine {
    BatchRole role{};
    Action action;
};

// The words behind `xdpctl`. Errors: Usage, also for commands that change no ruleset.
[[nodiscard]] Result<BatchLine> parse_batch_line(std::span<const std::string> words);

}  // namespace xdpctl::cli
