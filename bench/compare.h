// SPDX-License-Identifier: BSD-2-Clause
// Measures in pairs: every sample of a program is taken right after one of the program it is compared with, so that
// both see the same machine.
#pragma once

#include <benchmark/benchmark.h>

#include <functional>

#include "base/error.h"

namespace xdpctl::bench {

// Takes one sample: nanoseconds a packet. An error when the packets were not judged as they should be.
using Sample = std::function<Result<double>()>;

// Reports medians: the time as `ns`, the reference's under its own name, their difference and ratio.
// The benchmark fails, and so does `failed` become true, with the first error.
void compare(benchmark::State& state, const std::string& reference_name, const Sample& reference, const Sample& subject,
             bool& failed);

}  // namespace xdpctl::bench
