// SPDX-License-Identifier: BSD-2-Clause
#include "bench/test_run.h"

#include <benchmark/benchmark.h>
#include <bpf/bpf.h>
#include <fmt/format.h>
#include <linux/pkt_cls.h>

#include <cerrno>
#include <optional>

#include "bench/chains.h"
#include "bench/compare.h"
#include "bench_tc.skel.h"
#include "bench_xdp.skel.h"
#include "maps/stage.h"
#include "testrun/testrun.h"

namespace xdpctl::bench {

namespace {

constexpr int samples = 15;
constexpr int repeat = 500'000;  // packets a sample

Result<double> time(int program, const test::Bytes& frame, std::uint32_t expected_code) {
    LIBBPF_OPTS(bpf_test_run_opts, options);
    options.data_in = frame.data();
    options.data_size_in = static_cast<__u32>(frame.size());
    options.repeat = repeat;
    if (bpf_prog_test_run_opts(program, &options) != 0)
        return fail_errno(errno, "cannot test-run the program");
    if (options.retval != expected_code)
        return fail(ErrorKind::Failed, fmt::format("returned {} instead of {}", options.retval, expected_code));
    return options.duration;
}

// Owner of a skeleton of either hook: programs drop, parse and tail_call, which leads to drop.
template <typename Skeleton>
class Programs {
public:
    Programs() : skeleton_(Skeleton::open_and_load()) {
        if (skeleton_ == nullptr)
            return;
        const std::uint32_t stage = XDPCTL_STAGE_CLASSIFY;
        const int target = bpf_program__fd(skeleton_->progs.drop);
        bpf_map_update_elem(bpf_map__fd(skeleton_->maps.stages), &stage, &target, BPF_ANY);
    }
    ~Programs() { Skeleton::destroy(skeleton_); }
    Programs(const Programs&) = delete;
    Programs& operator=(const Programs&) = delete;

    [[nodiscard]] bool valid() const { return skeleton_ != nullptr; }
    [[nodiscard]] auto* operator->() const { return &skeleton_->progs; }

private:
    Skeleton* skeleton_;
};

// What differs between the hooks.
struct Xdp {
    using Skeleton = bench_xdp;
    static constexpr std::string_view name = "xdp";
    static constexpr kernel::Layer layer = kernel::Layer::Xdp;
    static constexpr std::uint32_t dropped = XDP_DROP;
};

struct Tc {
    using Skeleton = bench_tc;
    static constexpr std::string_view name = "tc";
    static constexpr kernel::Layer layer = kernel::Layer::TcIngress;
    static constexpr std::uint32_t dropped = TC_ACT_SHOT;
};

template <typename Hook>
class TestRuns {  // copied into every benchmark
public:
    explicit TestRuns(bool& failed) : failed_(failed) {}

    void add_all() const {
        add_step("empty", [](const auto& programs) { return programs->drop; });
        add_step("parse", [](const auto& programs) { return programs->parse; });
        add_step("tail_call", [](const auto& programs) { return programs->tail_call; });
        for (const auto& [family, family_name] : {std::pair{Family::Ipv4, "ipv4"}, std::pair{Family::Ipv6, "ipv6"}})
            for (const std::size_t rules : {1, 10, 100, 1'000})
                for (const bool counted : {false, true})
                    add_rules(fmt::format("rules:{}/{}{}", rules, family_name, counted ? "/counter" : ""),
                              chain_of(rules, family, counted), tcp_frame(family));
        for (const auto& [engine, engine_name] :
             {std::pair{compile::Engine::StraightLine, "rules"}, std::pair{compile::Engine::TupleTree, "tables"}}) {
            // A nanosecond a packet: there are always enough. And one that has had its packet.
            add_limit(fmt::format("limit:within/{}", engine_name), engine,
                      "limit rate 1000000000/second burst 4000000000 packets");
            add_limit(fmt::format("limit:within_bytes/{}", engine_name), engine, "limit rate 18000000000 bytes/second");
            add_limit(fmt::format("limit:over/{}", engine_name), engine, "limit rate over 1/week burst 1 packets");
        }
    }

private:
    template <typename Choose>
    void add_step(std::string_view name, Choose choose) const {
        add(name, [self = *this, choose](benchmark::State& state, const auto& programs) {
            const test::Bytes frame = tcp_frame(Family::Ipv4);
            self.measure(state, programs, bpf_program__fd(choose(programs)), frame);
        });
    }

    void add_rules(std::string_view name, const ruleset::Chain& chain, const test::Bytes& frame) const {
        add(name, [self = *this, chain, frame](benchmark::State& state, const auto& programs) {
            const auto runner = testrun::Runner::create(chain, Hook::layer);
            if (!runner)
                return self.give_up(state, runner.error().text());
            self.measure(state, programs, runner->entry_fd(), frame);
        });
    }

    // Beside the same rule without the limit.
    void add_limit(std::string_view name, compile::Engine engine, std::string_view limit) const {
        const std::string rule = "ip saddr 192.0.0.1";
        const ruleset::Chain plain = chain_of(rule + " drop");
        const ruleset::Chain limited = chain_of(fmt::format("{} {} drop", rule, limit));
        add(name, [self = *this, engine, plain, limited](benchmark::State& state, const auto&) {
            const auto without = testrun::Runner::create(plain, Hook::layer, {}, engine);
            const auto with =
                testrun::Runner::create(limited, Hook::layer, {}, engine, nullptr, testrun::Buckets::Emptying);
            if (!without || !with)
                return self.give_up(state, (without ? with : without).error().text());
            const test::Bytes frame = tcp_frame(Family::Ipv4);
            compare(
                state, "without", [&] { return time(without->entry_fd(), frame, Hook::dropped); },
                [&] { return time(with->entry_fd(), frame, Hook::dropped); }, self.failed_);
        });
    }

    template <typename Run>
    void add(std::string_view name, Run run) const {
        const auto loaded = [self = *this, run](benchmark::State& state) {
            const Programs<typename Hook::Skeleton> programs;
            if (!programs.valid())
                return self.give_up(state, "cannot load the programs to compare with");
            run(state, programs);
        };
        benchmark::RegisterBenchmark(fmt::format("{}/{}", Hook::name, name).c_str(), loaded)
            ->UseManualTime()
            ->Iterations(samples);
    }

    void measure(benchmark::State& state, const Programs<typename Hook::Skeleton>& programs, int program,
                 const test::Bytes& frame) const {
        const int empty = bpf_program__fd(programs->drop);
        compare(
            state, "empty", [&] { return time(empty, frame, Hook::dropped); },
            [&] { return time(program, frame, Hook::dropped); }, failed_);
    }

    void give_up(benchmark::State& state, const std::string& why) const {
        failed_ = true;
        state.SkipWithError(why.c_str());
    }

    bool& failed_;
};

}  // namespace

void register_test_runs(bool& failed) {
    TestRuns<Xdp>(failed).add_all();
    TestRuns<Tc>(failed).add_all();
}

}  // namespace xdpctl::bench
