// SPDX-License-Identifier: BSD-2-Clause
#include "compile/assembler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "compile/verifier.h"

// In the namespace of bpf_insn, where GoogleTest looks for it.
static bool operator==(const bpf_insn& a, const bpf_insn& b) {
    return std::memcmp(&a, &b, sizeof(a)) == 0;
}

namespace xdpctl::compile {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

bool is_jump_always(const bpf_insn& instruction) {
    return instruction.code == (BPF_JMP | BPF_JA);
}

std::size_t destination(const Program& program, std::size_t jump) {
    return jump + 1 + static_cast<std::size_t>(program.instructions[jump].off);
}

// Where a jump ends when unconditional jumps are followed.
std::size_t final_destination(const Program& program, std::size_t jump) {
    std::size_t at = destination(program, jump);
    while (at < program.instructions.size() && is_jump_always(program.instructions[at]))
        at = destination(program, at);
    return at;
}

TEST(Assembler, EncodesEachKindOfInstruction) {
    Assembler assembler;
    const Label end = assembler.label();
    assembler.load(Size::U16, Register::R1, Register::R7, 62);
    assembler.store(Size::U32, Register::Frame, -4, 7);
    assembler.store(Size::U64, Register::R0, 8, Register::R1);
    assembler.move(Register::R6, Register::R1);
    assembler.move32(Register::R1, Register::R8);
    assembler.add(Register::R2, -4);
    assembler.add(Register::R1, Register::R2);
    assembler.subtract32(Register::R1, 0xc0000200);
    assembler.and32(Register::R1, 0xfff);
    assembler.call(BPF_FUNC_map_lookup_elem);
    assembler.jump_if_zero(Register::R0, end);
    assembler.jump_if32(Compare::GreaterEqual, Register::R1, 0x80000000, end);
    assembler.bind(end);
    const auto program = std::move(assembler).finish();
    ASSERT_TRUE(program);
    const auto negative = [](std::uint32_t value) { return static_cast<__s32>(value); };
    EXPECT_THAT(
        program->instructions,
        ElementsAre(bpf_insn{BPF_LDX | BPF_MEM | BPF_H, 1, 7, 62, 0}, bpf_insn{BPF_ST | BPF_MEM | BPF_W, 10, 0, -4, 7},
                    bpf_insn{BPF_STX | BPF_MEM | BPF_DW, 0, 1, 8, 0}, bpf_insn{BPF_ALU64 | BPF_MOV | BPF_X, 6, 1, 0, 0},
                    bpf_insn{BPF_ALU | BPF_MOV | BPF_X, 1, 8, 0, 0}, bpf_insn{BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -4},
                    bpf_insn{BPF_ALU64 | BPF_ADD | BPF_X, 1, 2, 0, 0},
                    bpf_insn{BPF_ALU | BPF_SUB | BPF_K, 1, 0, 0, negative(0xc0000200)},
                    bpf_insn{BPF_ALU | BPF_AND | BPF_K, 1, 0, 0, 0xfff}, bpf_insn{BPF_JMP | BPF_CALL, 0, 0, 0, 1},
                    bpf_insn{BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1, 0},
                    bpf_insn{BPF_JMP32 | BPF_JGE | BPF_K, 1, 0, 0, negative(0x80000000)}));
}

TEST(Assembler, RecordsWhereMapsArePatchedIn) {
    Assembler assembler;
    assembler.load_map(Register::R1, MapName::Packet);
    assembler.load_map(Register::R1, MapName::RuleCounters);
    const auto program = std::move(assembler).finish();
    ASSERT_TRUE(program);
    ASSERT_EQ(program->instructions.size(), 4);
    ASSERT_EQ(program->maps.size(), 2);
    EXPECT_EQ(program->maps[0].instruction, 0);
    EXPECT_EQ(program->maps[0].map, MapName::Packet);
    EXPECT_EQ(program->maps[1].instruction, 2);
    EXPECT_EQ(program->maps[1].map, MapName::RuleCounters);
    EXPECT_EQ(program->instructions[2], (bpf_insn{BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, 0}));
}

TEST(Assembler, LeavesOutCodeThatNothingReaches) {
    Assembler assembler;
    const Label end = assembler.label();
    const Label never = assembler.label();
    assembler.jump(end);
    assembler.move(Register::R1, Register::R2);
    assembler.bind(never);
    assembler.load_map(Register::R1, MapName::Packet);
    assembler.jump_if_zero(Register::R1, end);
    assembler.bind(end);
    assembler.move(Register::R1, Register::R6);
    const auto program = std::move(assembler).finish();
    ASSERT_TRUE(program);
    EXPECT_EQ(program->instructions.size(), 2);
    EXPECT_EQ(destination(*program, 0), 1);
    EXPECT_THAT(program->maps, IsEmpty());
}

class FarJumps : public testing::TestWithParam<std::uint32_t> {};

TEST_P(FarJumps, ReachTheirLabelsThroughRelays) {
    const std::uint32_t reach = GetParam();
    Assembler assembler(reach);
    const Label even = assembler.label();
    const Label odd = assembler.label();
    std::vector<std::uint32_t> jumps;
    for (std::uint32_t i = 0; i < 500; ++i) {
        // The jump may be preceded by relays: it is the last instruction.
        assembler.jump_if32(Compare::Equal, Register::R1, i, i % 2 == 0 ? even : odd);
        jumps.push_back(assembler.size() - 1);
        if (i % 7 == 0)
            assembler.load_map(Register::R2, MapName::Packet);
    }
    assembler.move(Register::R1, Register::R2);
    assembler.bind(even);
    assembler.move(Register::R3, Register::R4);
    assembler.bind(odd);
    const std::uint32_t end = assembler.size();
    const auto program = std::move(assembler).finish();
    ASSERT_TRUE(program);
    for (std::uint32_t i = 0; i < jumps.size(); ++i)
        EXPECT_EQ(final_destination(*program, jumps[i]), i % 2 == 0 ? end - 1 : end);
    for (const bpf_insn& instruction : program->instructions) {
        const bool is_jump = BPF_CLASS(instruction.code) == BPF_JMP || BPF_CLASS(instruction.code) == BPF_JMP32;
        EXPECT_TRUE(!is_jump || static_cast<std::uint32_t>(instruction.off) <= reach);
    }
    for (const MapReference& map : program->maps) {
        EXPECT_EQ(program->instructions[map.instruction].code, BPF_LD | BPF_IMM | BPF_DW);
        EXPECT_EQ(program->instructions[map.instruction + 1].code, 0);
    }
}

INSTANTIATE_TEST_SUITE_P(Reaches, FarJumps, testing::Values(32, 33, 50, 100, 499, 10'000));

TEST(Assembler, RefusesABackwardJumpOutOfReach) {
    Assembler assembler(10);
    const Label start = assembler.label();
    assembler.bind(start);
    for (int i = 0; i < 10; ++i)
        assembler.move(Register::R1, Register::R2);
    assembler.jump_if_zero(Register::R1, start);
    const auto program = std::move(assembler).finish();
    ASSERT_FALSE(program);
    EXPECT_EQ(program.error().kind, ErrorKind::Limit);
}

TEST(Verifier, KeepsOneBranchAFallThroughAndDropsItWhenThePathEnds) {
    // Three branches to the end on one path, then one of its own behind the first.
    Assembler assembler;
    const Label out_of_line = assembler.label();
    const Label end = assembler.label();
    const Label back = assembler.label();
    assembler.jump_if_zero(Register::R1, out_of_line);
    assembler.bind(back);
    assembler.jump_if_zero(Register::R1, end);
    assembler.jump_if_zero(Register::R1, end);
    assembler.jump(end);
    assembler.bind(out_of_line);
    for (int i = 0; i < 5; ++i)
        assembler.jump_if_zero(Register::R1, back);
    assembler.bind(end);
    const auto program = std::move(assembler).finish();
    ASSERT_TRUE(program);
    EXPECT_EQ(waiting_branches(program->instructions), 5);
}

}  // namespace
}  // namespace xdpctl::compile
