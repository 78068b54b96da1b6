// SPDX-License-Identifier: BSD-2-Clause
#include "loaded_filter.h"

#include <bpf/bpf.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "maps/observe.h"

namespace xdpctl::test {
namespace {

// What the program at hand finds in its map.
struct Head {
    std::uint8_t bytes[XDPCTL_FILTER_BYTES];
    std::uint32_t available;
    std::uint32_t length;
};

constexpr bpf_insn instruction(int code, int to, int from, int offset, int value) {
    return {.code = static_cast<__u8>(code),
            .dst_reg = static_cast<__u8>(to & 0xf),
            .src_reg = static_cast<__u8>(from & 0xf),
            .off = static_cast<__s16>(offset),
            .imm = value};
}

}  // namespace

// The function that a filter is, called with a head that the test writes.
LoadedFilter::LoadedFilter(std::span<const bpf_insn> filter)
    : head_(bpf_map_create(BPF_MAP_TYPE_ARRAY, "head", sizeof(__u32), sizeof(Head), 1, nullptr)) {
    std::vector<bpf_insn> program{
        instruction(BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, -4, 0),
        instruction(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_10, 0, 0),
        instruction(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -4),
        instruction(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, head_.get()),
        instruction(0, 0, 0, 0, 0),
        instruction(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem),
        instruction(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 4, 0),
        instruction(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_0, 0, 0),
        instruction(BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2, BPF_REG_1, offsetof(Head, available), 0),
        instruction(BPF_LDX | BPF_MEM | BPF_W, BPF_REG_3, BPF_REG_1, offsetof(Head, length), 0),
        instruction(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 1),
        instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)};
    program.insert(program.end(), filter.begin(), filter.end());
    std::string log(1 << 20, '\0');
    LIBBPF_OPTS(bpf_prog_load_opts, options, .log_size = static_cast<__u32>(log.size()), .log_buf = log.data());
    program_ = Fd(bpf_prog_load(BPF_PROG_TYPE_XDP, "filter", "GPL", program.data(), program.size(), &options));
    if (!program_.valid())
        ADD_FAILURE() << std::strerror(errno) << "\n" << log.c_str();
}

FilterAnswer LoadedFilter::ask(std::span<const std::byte> frame, std::size_t length) const {
    Head head{};
    head.length = static_cast<std::uint32_t>(length);
    head.available = static_cast<std::uint32_t>(std::min<std::size_t>(frame.size(), XDPCTL_FILTER_BYTES));
    std::memcpy(head.bytes, frame.data(), head.available);
    const __u32 zero = 0;
    EXPECT_EQ(bpf_map_update_elem(head_.get(), &zero, &head, BPF_ANY), 0);
    const std::uint8_t any[64] = {};
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = any, .data_size_in = sizeof(any));
    EXPECT_EQ(bpf_prog_test_run_opts(program_.get(), &options), 0);
    return static_cast<FilterAnswer>(options.retval);
}

}  // namespace xdpctl::test
