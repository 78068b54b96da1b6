// SPDX-License-Identifier: BSD-2-Clause
// Runs part of a test with less than the test has.
#pragma once

#include <functional>
#include <vector>

namespace xdpctl::test {

// Runs `action` on a thread of its own that has these capabilities (CAP_*) and no others.
void with_capabilities(const std::vector<int>& capabilities, const std::function<void()>& action);

// Runs `action` in a child process that is pid 1 of a new pid namespace, in a new mount namespace whose /run is empty:
// a machine after start, as far as mounts go. True when it returned true.
[[nodiscard]] bool on_fresh_machine(const std::function<bool()>& action);

// Runs `action` in a child process in a private mount namespace, as `ip netns exec` does it. True when it returned
// true.
[[nodiscard]] bool in_private_mounts(const std::function<bool()>& action);

}  // namespace xdpctl::test
