// SPDX-License-Identifier: BSD-2-Clause
// A small BPF assembler: typed emitters, labels, and jumps of any forward distance. Emits the instruction set that
// clang calls -mcpu=v3, which every verifier from Linux 5.10 on takes. Code behind an unconditional jump that no jump
// leads to is left out, since the verifier refuses it.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <map>
#include <vector>

#include "base/error.h"
#include "compile/compile.h"

namespace xdpctl::compile {

enum class Register : std::uint8_t { R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, Frame };

enum class Size : std::uint8_t { U8 = BPF_B, U16 = BPF_H, U32 = BPF_W, U64 = BPF_DW };

// Unsigned.
enum class Compare : std::uint8_t {
    Equal = BPF_JEQ,
    NotEqual = BPF_JNE,
    Less = BPF_JLT,
    LessEqual = BPF_JLE,
    Greater = BPF_JGT,
    GreaterEqual = BPF_JGE,
};
[[nodiscard]] Compare opposite(Compare compare);

// A place in the program that jumps can name before it is known.
class Label {
public:
    Label() = default;  // no place at all: equal to no label that an assembler made
    bool operator==(const Label&) const = default;

private:
    friend class Assembler;
    explicit Label(std::uint32_t index) : index_(index) {}
    static constexpr std::uint32_t none = 0xffffffff;
    std::uint32_t index_ = none;
};

class Assembler {
public:
    // Half of what a jump's signed 16-bit distance can say, because the verifier puts the code of map lookups in place
    // of their calls. Tests make it smaller.
    static constexpr std::uint32_t jump_reach = 0x3fff;
    explicit Assembler(std::uint32_t reach = jump_reach) : reach_(reach) {}

    // Instructions so far, a 64-bit immediate as two: the index of the next one.
    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(program_.instructions.size()); }

    [[nodiscard]] Label label();
    // REQUIRES: not bound before.
    void bind(Label label);

    void load(Size size, Register to, Register base, std::int16_t offset);
    void store(Size size, Register base, std::int16_t offset, Register from);
    void store(Size size, Register base, std::int16_t offset, std::uint32_t value);
    void load_map(Register to, MapName map);
    // REQUIRES: the field is one that is loaded.
    void load_context(Register to, Register context, ContextField field);
    void call_load_bytes();

    void move(Register to, Register from);
    void add(Register to, Register from);
    void add(Register to, std::int32_t value);
    void shift_left(Register to, std::uint32_t bits);
    // 32-bit operations: the upper half of the register becomes zero.
    void move32(Register to, Register from);
    void move32(Register to, std::uint32_t value);
    void subtract32(Register to, std::uint32_t value);
    void and32(Register to, std::uint32_t value);
    void or32(Register to, std::uint32_t value);
    void or32(Register to, Register from);
    void xor32(Register to, std::uint32_t value);
    void shift_left32(Register to, std::uint32_t bits);
    void shift_right32(Register to, std::uint32_t bits);
    // A number in network byte order to host byte order; the rest of the register becomes zero.
    void from_network(Register number, Size size);

    void call(bpf_func_id helper);
    // A function of maps/set_lookup.bpf.c.
    void call_lookup(SetUse use, std::uint32_t number);
    // The function of maps/limit.bpf.c.
    void call_limit();
    void jump(Label target);
    void jump_if_zero(Register pointer, Label target);
    void jump_if_not_zero(Register result, Label target);
    // All 64 bits.
    void jump_if(Compare compare, Register left, Register right, Label target);
    void jump_if32(Compare compare, Register left, std::uint32_t right, Label target);

    // REQUIRES: every label that a jump names is bound. Errors: Limit when a backward jump is too long.
    [[nodiscard]] Result<Program> finish() &&;

private:
    std::uint32_t load_address(Register to, std::uint8_t pseudo);
    struct Target {
        static constexpr std::uint32_t unbound = 0xffffffff;
        std::uint32_t position = unbound;
        std::vector<std::uint32_t> jumps;  // forward jumps that wait for it
    };

    void emit(bpf_insn instruction);
    void call_function();
    void emit_jump(bpf_insn instruction, Label target);
    void make_room(std::uint32_t instructions);
    void relay_waiting_jumps();
    void wait(std::uint32_t jump, std::uint32_t label);
    void point(std::uint32_t jump, std::uint32_t position);

    std::uint32_t reach_;
    Program program_;
    std::vector<Target> targets_;
    std::map<std::uint32_t, std::uint32_t> waiting_;  // forward jumps by position, with their label
    std::uint32_t waiting_labels_ = 0;
    bool reachable_ = true;
    bool backward_too_long_ = false;
};

}  // namespace xdpctl::compile
