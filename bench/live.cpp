// SPDX-License-Identifier: BSD-2-Clause
#include "bench/live.h"

#include <benchmark/benchmark.h>
#include <bpf/bpf.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <stdexcept>

#include "bench/bare_drop.h"
#include "bench/chains.h"
#include "bench/compare.h"
#include "bench/receiver.h"
#include "bench/sender.h"
#include "support/netns.h"
#include "testrun/testrun.h"

namespace xdpctl::bench {

namespace {

constexpr int samples = 9;
constexpr std::uint64_t packets_a_sample = 500'000;
constexpr std::uint32_t frames_a_send = 200'000;
constexpr int sends_max = 30;
constexpr unsigned sender_cpu = 0;
constexpr unsigned receiver_cpu = 1;
constexpr std::uint16_t sources = 255;

// Two namespaces, a pair between them, and a program on the receiving end, one at a time.
class Line {
public:
    Line()
        : pair_(sender_, fmt::format("s{}", ::getpid()), receiver_, fmt::format("r{}", ::getpid())),
          source_(pair_.left(), pair_.right(), sender_cpu, sources),
          link_(attach(bare_drop_.fd())),
          napi_(pair_.right(), receiver_cpu) {}

    [[nodiscard]] int bare_drop() const { return bare_drop_.fd(); }

    // Sends frames to `program` until enough have arrived: those that the receiver has no room for are lost before they
    // cost it anything. Returns what the receiver needed.
    Receiver::Reading receive(int program) {
        if (bpf_link_update(link_.get(), program, nullptr) != 0)
            throw std::runtime_error(fmt::format("cannot exchange the receiver's program: {}", std::strerror(errno)));
        const Receiver::Reading before = napi_.read();
        Receiver::Reading after = before;
        for (int i = 0; i < sends_max && after.packets - before.packets < packets_a_sample; ++i) {
            source_.send(frames_a_send);
            napi_.settle();
            after = napi_.read();
        }
        return {after.busy_nanoseconds - before.busy_nanoseconds, after.packets - before.packets};
    }

private:
    [[nodiscard]] Fd attach(int program) const {
        Fd link(receiver_.run(
            [&] { return bpf_link_create(program, static_cast<int>(pair_.right().ifindex()), BPF_XDP, nullptr); }));
        if (!link.valid())
            throw std::runtime_error(fmt::format("cannot attach to the receiver: {}", std::strerror(errno)));
        return link;
    }

    test::Netns sender_;
    test::Netns receiver_;
    test::VethPair pair_;
    BareDrop bare_drop_;
    Sender source_;
    Fd link_;
    Receiver napi_;
};

Result<double> cost(const Receiver::Reading& reading) {
    if (reading.packets < packets_a_sample)
        return fail(ErrorKind::Failed, fmt::format("only {} frames arrived", reading.packets));
    return static_cast<double>(reading.busy_nanoseconds) / static_cast<double>(reading.packets);
}

Result<std::uint64_t> counted_packets(const testrun::Runner& runner) {
    const auto counts = runner.rule_counts();
    if (!counts)
        return std::unexpected(counts.error());
    return counts->front().second.packets;
}

// A sample of the chain's rule: every packet that arrived must have been dropped by it.
Result<double> receive_by_rule(Line& line, const testrun::Runner& runner) {
    const auto before = counted_packets(runner);
    if (!before)
        return std::unexpected(before.error());
    const Receiver::Reading reading = line.receive(runner.entry_fd());
    const auto after = counted_packets(runner);
    if (!after)
        return std::unexpected(after.error());
    if (*after - *before != reading.packets)
        return fail(ErrorKind::Failed,
                    fmt::format("the rule dropped {} of {} packets", *after - *before, reading.packets));
    return cost(reading);
}

void run(benchmark::State& state, bool& failed) {
    const auto runner = testrun::Runner::create(chain_of("ip saddr 198.18.0.0/24 counter drop"), kernel::Layer::Xdp);
    if (!runner)
        throw std::runtime_error(runner.error().text());
    Line line;
    compare(
        state, "bare_drop", [&] { return cost(line.receive(line.bare_drop())); },
        [&] { return receive_by_rule(line, *runner); }, failed);
}

}  // namespace

void register_live(bool& failed) {
    const auto guarded = [&failed](benchmark::State& state) {
        try {
            run(state, failed);
        } catch (const std::exception& exception) {
            failed = true;
            state.SkipWithError(exception.what());
        }
    };
    benchmark::RegisterBenchmark("live/xdp/drop", guarded)->UseManualTime()->Iterations(samples);
}

}  // namespace xdpctl::bench
