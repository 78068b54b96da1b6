// SPDX-License-Identifier: BSD-2-Clause
#include "bench/compare.h"

#include <algorithm>
#include <vector>

namespace xdpctl::bench {

namespace {

double median(std::vector<double> samples) {
    const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
    std::nth_element(samples.begin(), middle, samples.end());
    return *middle;
}

}  // namespace

void compare(benchmark::State& state, const std::string& reference_name, const Sample& reference, const Sample& subject,
             bool& failed) {
    std::vector<double> references;
    std::vector<double> subjects;
    for ([[maybe_unused]] const auto iteration : state) {
        for (const auto& [sample, samples] : {std::pair{&reference, &references}, std::pair{&subject, &subjects}}) {
            const auto nanoseconds = (*sample)();
            if (!nanoseconds) {
                failed = true;
                state.SkipWithError(nanoseconds.error().text().c_str());
                return;
            }
            samples->push_back(*nanoseconds);
        }
        state.SetIterationTime(subjects.back() * 1e-9);
    }
    const double reference_median = median(references);
    const double subject_median = median(subjects);
    state.counters["ns"] = subject_median;
    state.counters[reference_name + "_ns"] = reference_median;
    state.counters["over_ns"] = subject_median - reference_median;
    state.counters["ratio"] = subject_median / reference_median;
}

}  // namespace xdpctl::bench
