// SPDX-License-Identifier: BSD-2-Clause
#pragma once

namespace xdpctl::test {

// The exit status of a command that found what it looks for.
constexpr int found_status = 11;

}  // namespace xdpctl::test
