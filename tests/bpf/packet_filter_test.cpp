// SPDX-License-Identifier: BSD-2-Clause
// Filter expressions in the kernel against libpcap's own interpreter.
#include "compile/packet_filter.h"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "base/fd.h"
#include "maps/observe.h"
#include "observe/expression.h"
#include "support/packet.h"
#include "support/random_chain.h"
#include "support/random_frame.h"

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

// The function that a filter is, called with a head that the test writes.
class LoadedFilter {
public:
    explicit LoadedFilter(std::span<const bpf_insn> filter) {
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

    [[nodiscard]] bool valid() const { return program_.valid(); }

    [[nodiscard]] std::uint32_t ask(std::span<const std::byte> frame) const {
        Head head{};
        head.length = static_cast<std::uint32_t>(frame.size());
        head.available = std::min<std::uint32_t>(head.length, XDPCTL_FILTER_BYTES);
        std::memcpy(head.bytes, frame.data(), head.available);
        const __u32 zero = 0;
        EXPECT_EQ(bpf_map_update_elem(head_.get(), &zero, &head, BPF_ANY), 0);
        const std::uint8_t any[64] = {};
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = any, .data_size_in = sizeof(any));
        EXPECT_EQ(bpf_prog_test_run_opts(program_.get(), &options), 0);
        return options.retval;
    }

private:
    Fd head_{bpf_map_create(BPF_MAP_TYPE_ARRAY, "head", sizeof(__u32), sizeof(Head), 1, nullptr)};
    Fd program_;
};

class EveryExpression : public testing::TestWithParam<const char*> {};

TEST_P(EveryExpression, AnswersAsLibpcapDoes) {
    const auto expression = observe::Expression::compile(GetParam());
    ASSERT_TRUE(expression) << expression.error().text();
    const auto filter = compile::packet_filter(expression->instructions());
    ASSERT_TRUE(filter) << filter.error().text();
    const LoadedFilter loaded(*filter);
    ASSERT_TRUE(loaded.valid());
    std::mt19937 random(7);
    const ruleset::Chain chain = random_chain(random, ruleset::Hook::Ingress, 20);
    std::map<std::uint32_t, int> answers;
    for (int i = 0; i < 3000; ++i) {
        Bytes frame = random_frame(random, chain);
        // Sometimes longer than the head, and sometimes cut anywhere.
        if (random() % 8 == 0)
            frame.resize(frame.size() + random() % 1000, std::byte(random()));
        else if (random() % 8 == 0)
            frame.resize(random() % (frame.size() + 1));
        const std::uint32_t answer = loaded.ask(frame);
        const bool expected = expression->matches(frame, static_cast<std::uint32_t>(frame.size()));
        ++answers[answer];
        if (answer == 2) {
            EXPECT_GT(frame.size(), XDPCTL_FILTER_BYTES) << "only longer frames cannot be decided";
            continue;
        }
        ASSERT_EQ(answer, expected ? 1U : 0U) << "frame of " << frame.size() << " bytes";
    }
    EXPECT_GT(answers[0] + answers[1] + answers[2], 0);
}

INSTANTIATE_TEST_SUITE_P(
    All, EveryExpression,
    testing::Values("ip", "ip6", "arp", "tcp", "udp port 53", "not udp", "host 192.0.2.1", "net 192.0.2.0/24",
                    "src net 10.0.0.0/8 and tcp dst port 22", "tcp portrange 20-1000", "ip6 host 2001:db8::1",
                    "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", "ip[8] < 64", "greater 100", "less 80", "len % 3 = 1",
                    "vlan", "vlan 5 and ip", "vlan and vlan and udp", "icmp[icmptype] = icmp-echo", "icmp6",
                    "ether host 02:00:00:00:00:01", "ether multicast", "ether[600] = 0", "ip[ip[8]:2] > 1000",
                    "ip[2:2] - ((ip[0] & 0xf) << 2) > 10", "ether[14 + (ether[15] >> 2)] & 1 = 1",
                    "ether[20] << (ether[21] & 63) > 5", "ether[12:2] / ether[14] > 3", "ether[0xffffff] = 1",
                    "ether proto 0x0800 and ether[14:4] & 0xf0000000 = 0x40000000", "ip proto 132",
                    "port 22 or port 80 or port 443 or host 192.0.2.1 or net 198.51.100.0/24"));

TEST(PacketFilter, RefusesInstructionsThatFramesHaveNoUseFor) {
    const sock_filter unknown[] = {{0xffff, 0, 0, 0}, {BPF_RET | BPF_K, 0, 0, 1}};
    EXPECT_FALSE(compile::packet_filter(unknown));
    const sock_filter outside[] = {{BPF_JMP | BPF_JA, 0, 0, 9}, {BPF_RET | BPF_K, 0, 0, 1}};
    EXPECT_FALSE(compile::packet_filter(outside));
}

TEST(PacketFilter, LeavesLoopsToTheReader) {
    const auto expression = observe::Expression::compile("ip protochain 17");
    ASSERT_TRUE(expression) << expression.error().text();
    EXPECT_FALSE(compile::packet_filter(expression->instructions()));
}

}  // namespace
}  // namespace xdpctl::test
