// SPDX-License-Identifier: BSD-2-Clause
#include "bench/replay.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>

#include <cerrno>
#include <cstring>

#include "bench/trace.h"
#include "bench_replay.skel.h"
#include "kernel/load.h"
#include "kernel/mapping.h"

namespace xdpctl::bench {

using test::Family;

struct Replay::Impl {
    explicit Impl(Family which) : family(which) {}
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() { bench_replay::destroy(skeleton); }

    Family family;
    bench_replay* skeleton = bench_replay::open();
    int alone = -1, judged = -1;  // programs
};

namespace {

void put_address(std::uint8_t* out, ruleset::Value address, std::size_t size) {
    for (std::size_t byte = 0; byte < size; ++byte)
        out[byte] = static_cast<std::uint8_t>(address >> (8 * (size - 1 - byte)));
}

bench_header4 header4(const Header& header) {
    return {.saddr = htonl(static_cast<std::uint32_t>(header.saddr)),
            .daddr = htonl(static_cast<std::uint32_t>(header.daddr)),
            .sport = htons(header.sport),
            .dport = htons(header.dport),
            .proto = header.proto,
            .tcp_flags = header.tcp_flags,
            .reserved = 0};
}

bench_header6 header6(const Header& header) {
    bench_header6 out{.saddr = {},
                      .daddr = {},
                      .sport = htons(header.sport),
                      .dport = htons(header.dport),
                      .proto = header.proto,
                      .tcp_flags = header.tcp_flags,
                      .reserved = 0};
    put_address(out.saddr, header.saddr, sizeof(out.saddr));
    put_address(out.daddr, header.daddr, sizeof(out.daddr));
    return out;
}

Result<double> time(int program, Family family, unsigned packets) {
    const test::Bytes frame = frame_to_replay(family);
    LIBBPF_OPTS(bpf_test_run_opts, options);
    options.data_in = frame.data();
    options.data_size_in = static_cast<__u32>(frame.size());
    options.repeat = static_cast<int>(packets);
    if (bpf_prog_test_run_opts(program, &options) != 0)
        return fail_errno(errno, "cannot replay packets");
    return options.duration;
}

}  // namespace

Replay::Replay(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Replay::Replay(Replay&&) noexcept = default;
Replay::~Replay() = default;

Result<Replay> Replay::create(Family family) {
    auto impl = std::make_unique<Impl>(family);
    if (impl->skeleton == nullptr)
        return fail_errno(errno, "cannot open the BPF object that replays packets");
    // What an entry and its tail callers must have in common.
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, impl->skeleton->obj) {
        bpf_program__set_expected_attach_type(program, bpf_attach_type{});
        bpf_program__set_flags(program, kernel::xdp_frags_supported() ? BPF_F_XDP_HAS_FRAGS : 0);
    }
    if (const int error = bench_replay::load(impl->skeleton); error != 0)
        return fail_errno(error, "cannot load the BPF object that replays packets");
    const auto& programs = impl->skeleton->progs;
    impl->alone = bpf_program__fd(family == Family::Ipv4 ? programs.drop4 : programs.drop6);
    impl->judged = bpf_program__fd(family == Family::Ipv4 ? programs.replay4 : programs.replay6);
    return Replay(std::move(impl));
}

Status Replay::load(std::span<const Header> headers) {
    const bpf_map* map = impl_->skeleton->maps.trace;
    const auto memory = kernel::Mapping::open(bpf_map__fd(map), bpf_map__value_size(map));
    if (!memory)
        return std::unexpected(memory.error());
    for (std::size_t i = 0; i < headers.size(); ++i) {
        if (impl_->family == Family::Ipv4)
            memory->as<bench_header4>()[i] = header4(headers[i]);
        else
            memory->as<bench_header6>()[i] = header6(headers[i]);
    }
    return {};
}

Status Replay::judge_by(int program) {
    const std::uint32_t key = 0;
    if (bpf_map_update_elem(bpf_map__fd(impl_->skeleton->maps.judge), &key, &program, BPF_ANY) != 0)
        return fail_errno(errno, "cannot put a program behind the replay");
    return {};
}

Result<double> Replay::time_alone(unsigned packets) const {
    return time(impl_->alone, impl_->family, packets);
}

Result<double> Replay::time_judged(unsigned packets) const {
    return time(impl_->judged, impl_->family, packets);
}

}  // namespace xdpctl::bench
