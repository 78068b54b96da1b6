// SPDX-License-Identifier: BSD-2-Clause
#include "bench/live.h"

#include <benchmark/benchmark.h>
#include <bpf/bpf.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <stdexcept>

#include "bench/chains.h"
#include "bench/compare.h"
#include "bench/receiver.h"
#include "bench_xdp.skel.h"
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

// Slow enough for the receiver to keep up. One that does not is never idle, loses most frames, and its cost a packet
// tells how many of its cache misses overlap rather than what its program does.
constexpr std::uint32_t gap_nanoseconds = 200;

// Keeps the calling thread, which sends, on its CPU.
class Pinned {
public:
    explicit Pinned(unsigned cpu) {
        ::sched_getaffinity(0, sizeof(before_), &before_);
        cpu_set_t only;
        CPU_ZERO(&only);
        CPU_SET(cpu, &only);
        if (::sched_setaffinity(0, sizeof(only), &only) != 0)
            throw std::runtime_error(fmt::format("cannot send from CPU {}: {}", cpu, std::strerror(errno)));
    }
    ~Pinned() { ::sched_setaffinity(0, sizeof(before_), &before_); }
    Pinned(const Pinned&) = delete;
    Pinned& operator=(const Pinned&) = delete;

private:
    cpu_set_t before_{};
};

class Programs {
public:
    explicit Programs(IfIndex out) : skeleton_(bench_xdp::open()) {
        if (skeleton_ == nullptr)
            throw std::runtime_error("cannot open the sender");
        skeleton_->rodata->out_ifindex = static_cast<__u32>(out);
        skeleton_->rodata->gap_nanoseconds = gap_nanoseconds;
        // As xdpctl's entries have it: a link exchanges only programs of the same type.
        bpf_program__set_expected_attach_type(skeleton_->progs.drop, bpf_attach_type{});
        if (bench_xdp::load(skeleton_) != 0) {
            bench_xdp::destroy(skeleton_);
            throw std::runtime_error("cannot load the sender");
        }
    }
    ~Programs() { bench_xdp::destroy(skeleton_); }
    Programs(const Programs&) = delete;
    Programs& operator=(const Programs&) = delete;

    [[nodiscard]] int sender() const { return bpf_program__fd(skeleton_->progs.sender); }
    [[nodiscard]] int drop() const { return bpf_program__fd(skeleton_->progs.drop); }

private:
    bench_xdp* skeleton_;
};

// Two namespaces, a pair between them, and a program on the receiving end, one at a time.
class Line {
public:
    Line()
        : pair_(sender_, fmt::format("s{}", ::getpid()), receiver_, fmt::format("r{}", ::getpid())),
          programs_(pair_.left().ifindex()),
          link_(attach(programs_.drop())),
          napi_(pair_.right(), receiver_cpu) {}

    [[nodiscard]] int drop() const { return programs_.drop(); }

    // Sends frames to `program` until enough have arrived: those that the receiver has no room for are lost before they
    // cost it anything. Returns what the receiver needed.
    Receiver::Reading receive(int program, const test::Bytes& frame) {
        if (bpf_link_update(link_.get(), program, nullptr) != 0)
            throw std::runtime_error(fmt::format("cannot exchange the receiver's program: {}", std::strerror(errno)));
        const Receiver::Reading before = napi_.read();
        Receiver::Reading after = before;
        for (int i = 0; i < sends_max && after.packets - before.packets < packets_a_sample; ++i) {
            sender_.run([&] { send(frame); });
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

    void send(const test::Bytes& frame) const {
        const Pinned pinned(sender_cpu);
        LIBBPF_OPTS(bpf_test_run_opts, options);
        options.data_in = frame.data();
        options.data_size_in = static_cast<__u32>(frame.size());
        options.repeat = frames_a_send;
        options.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
        options.batch_size = 64;
        if (bpf_prog_test_run_opts(programs_.sender(), &options) != 0)
            throw std::runtime_error(fmt::format("cannot send live frames: {}", std::strerror(errno)));
    }

    test::Netns sender_;
    test::Netns receiver_;
    test::VethPair pair_;
    Programs programs_;
    Fd link_;
    Receiver napi_;
};

test::Bytes udp_frame() {
    using namespace test;
    return frame({Ether{}, Ipv4{.saddr = "192.0.2.0"}, Udp{.dport = 9}, Bytes(22)});
}

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
Result<double> receive_by_rule(Line& line, const testrun::Runner& runner, const test::Bytes& frame) {
    const auto before = counted_packets(runner);
    if (!before)
        return std::unexpected(before.error());
    const Receiver::Reading reading = line.receive(runner.entry_fd(), frame);
    const auto after = counted_packets(runner);
    if (!after)
        return std::unexpected(after.error());
    if (*after - *before != reading.packets)
        return fail(ErrorKind::Failed,
                    fmt::format("the rule dropped {} of {} packets", *after - *before, reading.packets));
    return cost(reading);
}

void run(benchmark::State& state, bool& failed) {
    const auto runner = testrun::Runner::create(chain_of("ip saddr 192.0.2.0/24 counter drop"), kernel::Layer::Xdp);
    if (!runner)
        throw std::runtime_error(runner.error().text());
    Line line;
    const test::Bytes frame = udp_frame();
    compare(
        state, "bare_drop", [&] { return cost(line.receive(line.drop(), frame)); },
        [&] { return receive_by_rule(line, *runner, frame); }, failed);
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
