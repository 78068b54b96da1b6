// SPDX-License-Identifier: BSD-2-Clause
#include "bench/sender.h"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <sched.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "bench_sender.skel.h"
#include "support/packet.h"

namespace xdpctl::bench {

namespace {

// Slow enough for the receiver to keep up. One that does not is never idle, loses most frames, and its cost a packet
// tells how many of its cache misses overlap rather than what its program does.
constexpr std::uint32_t gap_nanoseconds = 200;

// Keeps the calling thread on a CPU.
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

// As the sending program wants it: it fills the end of the source address, and takes as much off the identification.
test::Bytes udp_frame(const test::MacAddress& to) {
    using namespace test;
    return frame({Ether{.daddr = to}, Ipv4{.saddr = "198.18.0.0", .id = 0xffff}, Udp{.dport = 9}, Bytes(22)});
}

}  // namespace

Sender::Sender(const test::VethEnd& from, const test::VethEnd& to, unsigned cpu, std::uint16_t sources)
    : from_(from), to_(to.mac()), cpu_(cpu), skeleton_(bench_sender::open()) {
    if (skeleton_ == nullptr)
        throw std::runtime_error("cannot open the sender");
    skeleton_->rodata->out_ifindex = static_cast<__u32>(from.ifindex());
    skeleton_->rodata->gap_nanoseconds = gap_nanoseconds;
    skeleton_->rodata->sources = sources;
    if (bench_sender::load(skeleton_) != 0) {
        bench_sender::destroy(skeleton_);
        throw std::runtime_error("cannot load the sender");
    }
}

Sender::~Sender() {
    bench_sender::destroy(skeleton_);
}

void Sender::send(std::uint32_t frames) const {
    const test::Bytes frame = udp_frame(to_);
    LIBBPF_OPTS(bpf_test_run_opts, options);
    options.data_in = frame.data();
    options.data_size_in = static_cast<__u32>(frame.size());
    options.repeat = static_cast<int>(frames);
    options.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
    options.batch_size = 64;
    from_.netns().run([&] {
        const Pinned pinned(cpu_);
        if (bpf_prog_test_run_opts(bpf_program__fd(skeleton_->progs.sender), &options) != 0)
            throw std::runtime_error(fmt::format("cannot send live frames: {}", std::strerror(errno)));
    });
}

}  // namespace xdpctl::bench
