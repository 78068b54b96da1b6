// SPDX-License-Identifier: BSD-2-Clause
#include "bench/counters.h"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

#include "kernel/count_reader.h"
#include "kernel/state.h"
#include "lang/parse.h"
#include "ruleset/edit.h"
#include "stats/render.h"
#include "stats/snapshot.h"
#include "support/bpffs.h"
#include "support/netns.h"

namespace xdpctl::bench {

namespace {

template <typename T>
T take(Result<T> result) {
    if (!result)
        throw std::runtime_error(result.error().text());
    return *std::move(result);
}

void check(const Status& status) {
    if (!status)
        throw std::runtime_error(status.error().text());
}

std::string ruleset_text(std::size_t rules) {
    std::string text = "table netdev t {\nchain c {\ntype filter hook ingress priority filter; policy accept;\n";
    for (std::size_t rule = 0; rule < rules; ++rule)
        text += fmt::format("ip saddr 10.{}.{}.{} tcp dport {} counter drop\n", rule >> 16, (rule >> 8) & 0xff,
                            rule & 0xff, 1 + rule % 60'000);
    return text + "}\n}\n";
}

// Rules that run, on no interface, in a namespace of their own.
class RunningRules {
public:
    explicit RunningRules(std::size_t rules) {
        namespace_.run([&] {
            kernel::Warnings warnings;
            auto state = take(kernel::State::open_for_writing(std::chrono::seconds(1), warnings));
            ruleset::Ruleset ruleset = take(lang::parse_ruleset(ruleset_text(rules), "bench"));
            check(ruleset::adopt_handles(state.ruleset(), ruleset));
            check(state.commit(std::move(ruleset), {}, warnings));
        });
    }

    [[nodiscard]] kernel::CountReader open() const {
        return namespace_.run([] { return take(kernel::CountReader::open()); });
    }

    // What `xdpctl stats` prints.
    [[nodiscard]] std::string stats() const { return stats::text(take(stats::take_snapshot(open()))); }

private:
    test::Bpffs bpffs_;
    test::Netns namespace_;
};

void measure(benchmark::State& state, bool& failed, const auto& read) {
    try {
        const RunningRules running(static_cast<std::size_t>(state.range(0)));
        const kernel::CountReader reader = running.open();
        for (auto _ : state)
            benchmark::DoNotOptimize(read(running, reader));
    } catch (const std::exception& exception) {
        failed = true;
        state.SkipWithError(exception.what());
    }
}

}  // namespace

void register_counters(bool& failed) {
    const auto add = [&failed](const char* name, const auto& read) {
        benchmark::RegisterBenchmark(name, [&failed, read](benchmark::State& state) { measure(state, failed, read); })
            ->Arg(1'000)
            ->Arg(10'000)
            ->Arg(100'000)
            ->Unit(benchmark::kMillisecond);
    };
    add("counters/read",
        [](const RunningRules&, const kernel::CountReader& reader) { return reader.rule_counts().size(); });
    add("counters/open_and_read",
        [](const RunningRules& running, const kernel::CountReader&) { return running.open().rule_counts().size(); });
    add("counters/stats",
        [](const RunningRules& running, const kernel::CountReader&) { return running.stats().size(); });
}

}  // namespace xdpctl::bench
