// SPDX-License-Identifier: BSD-2-Clause
#include "bench/scaling.h"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "bench/compare.h"
#include "bench/replay.h"
#include "bench/trace.h"
#include "bench/traffic.h"
#include "support/classbench.h"
#include "support/evaluator.h"
#include "support/packet_fields.h"
#include "testrun/testrun.h"

namespace xdpctl::bench {

namespace {

using test::Family;

constexpr int samples = 9;
constexpr unsigned packets = 262'144;  // a sample
constexpr std::size_t rule_comparisons = 4'000'000;

struct Case {
    const char* file;
    Family family;
    std::size_t rules;  // at most; a sample of the file's, in its order
    Traffic traffic;
    bool counted;
};

// A ClassBench file orders its rules by family of origin: the first thousand are not like the rest.
void keep_some(std::vector<ruleset::Rule>& rules, std::size_t some) {
    if (rules.size() <= some)
        return;
    std::vector<ruleset::Rule> kept;
    for (std::size_t i = 0; i < some; ++i)
        kept.push_back(std::move(rules[i * rules.size() / some]));
    rules = std::move(kept);
}

Result<ruleset::Chain> load(const Case& which) {
    auto chain = test::load_classbench(fmt::format("{}/classbench/{}.gz", test::test_data(), which.file), which.family,
                                       ~std::size_t{0});
    if (!chain)
        return chain;
    keep_some(chain->rules, which.rules);
    for (std::size_t i = 0; i < chain->rules.size(); ++i) {
        ruleset::Rule& rule = chain->rules[i];
        rule.handle = Handle{i + 1};
        if (!which.counted)
            rule.statements.remove_if([](const auto& each) { return std::holds_alternative<ruleset::Counter>(each); });
    }
    chain->devices = {"bench0"};
    return chain;
}

// Some of the packets, one by one, as the rules say.
Status check_verdicts(testrun::Runner& runner, const ruleset::Chain& chain, std::span<const Header> headers,
                      Family family) {
    const std::size_t some = std::clamp<std::size_t>(rule_comparisons / chain.rules.size(), 50, headers.size());
    for (std::size_t i = 0; i < some; ++i) {
        const test::Bytes frame = frame_of(headers[i * headers.size() / some], family);
        const auto got = runner.run(frame);
        if (!got)
            return std::unexpected(got.error());
        const test::Evaluation expected =
            test::evaluate(chain, test::parse_frame(frame, ruleset::Hook::Ingress), chain.devices.front());
        const auto rule = expected.rule ? std::optional(chain.rules[*expected.rule].handle) : std::nullopt;
        if (got->rule != rule || got->verdict != expected.verdict)
            return fail(ErrorKind::Failed, fmt::format("packet {} was judged by another rule", i));
    }
    return {};
}

class Scaling {
public:
    Scaling(const Case& which, bool& failed) : case_(which), failed_(failed) {}

    void operator()(benchmark::State& state) const {
        if (const Status done = run(state); !done) {
            failed_ = true;
            state.SkipWithError(done.error().text().c_str());
        }
    }

private:
    Status run(benchmark::State& state) const {
        const auto chain = load(case_);
        XDPCTL_TRY(chain);
        auto runner = testrun::Runner::create(*chain, kernel::Layer::Xdp);
        if (!runner)
            return std::unexpected(std::move(runner).error());
        auto replay = Replay::create(case_.family);
        if (!replay)
            return std::unexpected(std::move(replay).error());
        const auto headers = make_traffic(*chain, case_.family, case_.traffic, BENCH_TRACE_LENGTH);
        XDPCTL_TRY(check_verdicts(*runner, *chain, headers, case_.family));
        XDPCTL_TRY(replay->load(headers));
        XDPCTL_TRY(replay->judge_by(runner->entry_fd()));
        state.counters["rules"] = static_cast<double>(chain->rules.size());
        compare(
            state, "empty", [&] { return replay->time_alone(packets); }, [&] { return replay->time_judged(packets); },
            failed_);
        return {};
    }

    Case case_;
    bool& failed_;
};

void add(const Case& which, bool& failed) {
    const std::string_view file(which.file);
    const std::string label = fmt::format("scaling/{}/rules:{}/{}/{}{}", file.substr(0, file.find('_')), which.rules,
                                          which.family == Family::Ipv4 ? "ipv4" : "ipv6", name(which.traffic),
                                          which.counted ? "/counter" : "");
    benchmark::RegisterBenchmark(label.c_str(), Scaling(which, failed))->UseManualTime()->Iterations(samples);
}

}  // namespace

void register_scaling(bool& failed) {
    if (test::test_data().empty())
        return;
    struct Size {
        std::size_t rules;
        const char* suffix;
    };
    constexpr Size sizes[] = {{1, "1k"},      {10, "1k"},      {100, "1k"},      {300, "1k"},      {1'000, "10k"},
                              {3'000, "10k"}, {10'000, "10k"}, {30'000, "100k"}, {100'000, "100k"}};
    static const auto files = [&] {
        std::vector<std::string> names;
        for (const char* origin : {"acl1", "fw1", "ipc1"})
            for (const Size& size : sizes)
                names.push_back(fmt::format("{}_{}", origin, size.suffix));
        return names;
    }();
    std::size_t file = 0;
    for (int origin = 0; origin < 3; ++origin)
        for (const Size& size : sizes) {
            const char* name = files[file++].c_str();
            for (const Family family : {Family::Ipv4, Family::Ipv6})
                for (const Traffic traffic : {Traffic::Hits, Traffic::Zipf, Traffic::Crosses, Traffic::Uniform})
                    for (const bool counted : {false, true})
                        add({name, family, size.rules, traffic, counted}, failed);
        }
}

}  // namespace xdpctl::bench
