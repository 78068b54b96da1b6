// SPDX-License-Identifier: BSD-2-Clause
// xdpctl-bench: Google Benchmark's options; root and nothing else needed. Ends with 1 when a benchmark failed.
#include <benchmark/benchmark.h>

#include "bench/counters.h"
#include "bench/live.h"
#include "bench/scaling.h"
#include "bench/sets.h"
#include "bench/test_run.h"

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 2;
    bool failed = false;
    xdpctl::bench::register_test_runs(failed);
    xdpctl::bench::register_scaling(failed);
    xdpctl::bench::register_sets(failed);
    xdpctl::bench::register_counters(failed);
    xdpctl::bench::register_live(failed);
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return failed ? 1 : 0;
}
