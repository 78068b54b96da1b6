// SPDX-License-Identifier: BSD-2-Clause
// Commands that look for something, such as tests that fail: an exit status of its own says that it is there.
#pragma once

#include "base/error.h"
#include "cli/command.h"

namespace xdpctl::cli {

// What their actions end with then, after showing what they found. Nothing failed, and nothing more is printed.
inline constexpr ErrorKind found_kind{11};

[[nodiscard]] inline std::unexpected<Error> found() {
    return fail(found_kind, "found");
}

Action declare_test(CLI::App& parser);
Action declare_plan(CLI::App& parser);
Action declare_lint(CLI::App& parser);

}  // namespace xdpctl::cli
