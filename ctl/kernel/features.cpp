// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/features.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>

#include <array>
#include <cstdint>
#include <vector>

#include "base/fd.h"
#include "kernel/load.h"
#include "maps/counter.h"

namespace xdpctl::kernel {

namespace {

Fd dropping_program() {
    constexpr std::array instructions{
        bpf_insn{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = XDP_DROP},
        bpf_insn{.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
    auto program = load_program("probe", {.type = BPF_PROG_TYPE_XDP, .flags = 0}, instructions);
    return program ? std::move(*program) : Fd();
}

}  // namespace

bool ring_buffers_supported() {
    constexpr std::uint32_t size = 65536;  // a multiple of the page size everywhere
    return Fd(bpf_map_create(BPF_MAP_TYPE_RINGBUF, "probe", 0, 0, size, nullptr)).valid();
}

bool per_cpu_batches_supported() {
    const Fd map(
        bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "probe", sizeof(std::uint32_t), sizeof(xdpctl_counter), 1, nullptr));
    const int cpus = libbpf_num_possible_cpus();
    if (!map.valid() || cpus < 0)
        return false;
    std::vector<xdpctl_counter> values(static_cast<std::size_t>(cpus));
    std::uint32_t next = 0;
    std::uint32_t key = 0;
    std::uint32_t count = 1;
    const int error = bpf_map_lookup_batch(map.get(), nullptr, &next, &key, values.data(), &count, nullptr);
    return error == 0 || error == -ENOENT;
}

bool live_frames_supported() {
    const Fd program = dropping_program();
    std::array<char, ETH_ZLEN> frame{};
    LIBBPF_OPTS(bpf_test_run_opts, options);
    options.data_in = frame.data();
    options.data_size_in = frame.size();
    options.repeat = 1;
    options.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
    return program.valid() && bpf_prog_test_run_opts(program.get(), &options) == 0;
}

}  // namespace xdpctl::kernel
