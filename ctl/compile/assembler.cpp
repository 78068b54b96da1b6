// SPDX-License-Identifier: BSD-2-Clause
// A jump reaches as far as its 16-bit distance. A forward jump whose label is not bound by then is pointed at a
// relay: an unconditional jump, put in between and jumped over by the code it stands in, which waits for the label
// instead.
#include "compile/assembler.h"

#include <bit>
#include <set>
#include <utility>

namespace xdpctl::compile {

namespace {

bpf_insn instruction(int code, Register to, Register from, int offset, std::uint32_t immediate) {
    bpf_insn out{};
    out.code = static_cast<__u8>(code);
    out.dst_reg = std::to_underlying(to) & 0xfU;
    out.src_reg = std::to_underlying(from) & 0xfU;
    out.off = static_cast<__s16>(offset);
    out.imm = std::bit_cast<__s32>(immediate);
    return out;
}

bpf_insn with_register(int code, Register to, Register from) {
    return instruction(code | BPF_X, to, from, 0, 0);
}

bpf_insn with_immediate(int code, Register to, std::uint32_t value) {
    return instruction(code | BPF_K, to, Register::R0, 0, value);
}

}  // namespace

Compare opposite(Compare compare) {
    switch (compare) {
    case Compare::Equal:
        return Compare::NotEqual;
    case Compare::NotEqual:
        return Compare::Equal;
    case Compare::Less:
        return Compare::GreaterEqual;
    case Compare::LessEqual:
        return Compare::Greater;
    case Compare::Greater:
        return Compare::LessEqual;
    case Compare::GreaterEqual:
        return Compare::Less;
    }
    std::unreachable();
}

Label Assembler::label() {
    targets_.emplace_back();
    return Label(static_cast<std::uint32_t>(targets_.size() - 1));
}

void Assembler::bind(Label label) {
    Target& target = targets_[label.index_];
    target.position = size();
    if (!target.jumps.empty()) {
        --waiting_labels_;
        reachable_ = true;
    }
    for (const std::uint32_t jump : std::exchange(target.jumps, {})) {
        point(jump, target.position);
        waiting_.erase(jump);
    }
}

void Assembler::load(Size size, Register to, Register base, std::int16_t offset) {
    emit(instruction(BPF_LDX | BPF_MEM | std::to_underlying(size), to, base, offset, 0));
}

void Assembler::store(Size size, Register base, std::int16_t offset, Register from) {
    emit(instruction(BPF_STX | BPF_MEM | std::to_underlying(size), base, from, offset, 0));
}

void Assembler::store(Size size, Register base, std::int16_t offset, std::uint32_t value) {
    emit(instruction(BPF_ST | BPF_MEM | std::to_underlying(size), base, Register::R0, offset, value));
}

void Assembler::load_map(Register to, MapName map) {
    if (!reachable_)
        return;
    program_.maps.push_back({load_address(to, BPF_PSEUDO_MAP_FD), map});
}

// Returns the instruction's place.
std::uint32_t Assembler::load_address(Register to, std::uint8_t pseudo) {
    make_room(2);
    const std::uint32_t place = size();
    bpf_insn first = instruction(BPF_LD | BPF_DW | BPF_IMM, to, Register::R0, 0, 0);
    first.src_reg = pseudo & 0xf;
    program_.instructions.push_back(first);
    program_.instructions.push_back({});
    return place;
}

void Assembler::load_context(Register to, Register context, ContextField field) {
    if (!reachable_)
        return;
    load(Size::U32, to, context, 0);
    program_.contexts.push_back({size() - 1, field});
}

void Assembler::call_load_bytes() {
    if (!reachable_)
        return;
    call(BPF_FUNC_unspec);
    program_.contexts.push_back({size() - 1, ContextField::LoadBytes});
}

void Assembler::move(Register to, Register from) {
    emit(with_register(BPF_ALU64 | BPF_MOV, to, from));
}

void Assembler::add(Register to, Register from) {
    emit(with_register(BPF_ALU64 | BPF_ADD, to, from));
}

void Assembler::add(Register to, std::int32_t value) {
    emit(with_immediate(BPF_ALU64 | BPF_ADD, to, std::bit_cast<std::uint32_t>(value)));
}

void Assembler::shift_left(Register to, std::uint32_t bits) {
    emit(with_immediate(BPF_ALU64 | BPF_LSH, to, bits));
}

void Assembler::move32(Register to, Register from) {
    emit(with_register(BPF_ALU | BPF_MOV, to, from));
}

void Assembler::move32(Register to, std::uint32_t value) {
    emit(with_immediate(BPF_ALU | BPF_MOV, to, value));
}

void Assembler::subtract32(Register to, std::uint32_t value) {
    emit(with_immediate(BPF_ALU | BPF_SUB, to, value));
}

void Assembler::and32(Register to, std::uint32_t value) {
    emit(with_immediate(BPF_ALU | BPF_AND, to, value));
}

void Assembler::or32(Register to, std::uint32_t value) {
    emit(with_immediate(BPF_ALU | BPF_OR, to, value));
}

void Assembler::or32(Register to, Register from) {
    emit(with_register(BPF_ALU | BPF_OR, to, from));
}

void Assembler::xor32(Register to, std::uint32_t value) {
    emit(with_immediate(BPF_ALU | BPF_XOR, to, value));
}

void Assembler::shift_left32(Register to, std::uint32_t bits) {
    emit(with_immediate(BPF_ALU | BPF_LSH, to, bits));
}

void Assembler::shift_right32(Register to, std::uint32_t bits) {
    emit(with_immediate(BPF_ALU | BPF_RSH, to, bits));
}

void Assembler::from_network(Register number, Size size) {
    if (size == Size::U16 || size == Size::U32)
        emit(instruction(BPF_ALU | BPF_END | BPF_TO_BE, number, Register::R0, 0, size == Size::U16 ? 16 : 32));
}

void Assembler::call(bpf_func_id helper) {
    emit(instruction(BPF_JMP | BPF_CALL, Register::R0, Register::R0, 0, static_cast<std::uint32_t>(helper)));
}

// Of this program: where it leads, who loads it fills in.
void Assembler::call_function() {
    bpf_insn call = instruction(BPF_JMP | BPF_CALL, Register::R0, Register::R0, 0, 0);
    call.src_reg = BPF_PSEUDO_CALL;
    emit(call);
}

void Assembler::call_lookup(SetUse use, std::uint32_t number) {
    call_function();
    if (reachable_)
        program_.sets.push_back({size() - 1, use, number});
}

void Assembler::call_limit() {
    call_function();
    if (reachable_)
        program_.limits.push_back(size() - 1);
}

void Assembler::jump(Label target) {
    emit_jump(with_immediate(BPF_JMP | BPF_JA, Register::R0, 0), target);
    reachable_ = false;
}

void Assembler::jump_if_zero(Register pointer, Label target) {
    emit_jump(with_immediate(BPF_JMP | BPF_JEQ, pointer, 0), target);
}

void Assembler::jump_if_not_zero(Register result, Label target) {
    emit_jump(with_immediate(BPF_JMP | BPF_JNE, result, 0), target);
}

void Assembler::jump_if(Compare compare, Register left, Register right, Label target) {
    emit_jump(with_register(BPF_JMP | std::to_underlying(compare), left, right), target);
}

void Assembler::jump_if32(Compare compare, Register left, std::uint32_t right, Label target) {
    emit_jump(with_immediate(BPF_JMP32 | std::to_underlying(compare), left, right), target);
}

Result<Program> Assembler::finish() && {
    if (backward_too_long_)
        return fail(ErrorKind::Limit, "cannot compile the rules", "a backward jump is too long");
    return std::move(program_);
}

void Assembler::emit(bpf_insn instruction) {
    if (!reachable_)
        return;
    make_room(1);
    program_.instructions.push_back(instruction);
}

void Assembler::emit_jump(bpf_insn instruction, Label target) {
    if (!reachable_)
        return;
    emit(instruction);
    const std::uint32_t jump = size() - 1;
    const std::uint32_t position = targets_[target.index_].position;
    if (position == Target::unbound)
        wait(jump, target.index_);
    else
        point(jump, position);
}

// Before emitting: relays the oldest forward jumps while the relays themselves are still in reach.
void Assembler::make_room(std::uint32_t instructions) {
    if (waiting_.empty())
        return;
    const std::uint32_t relays = 1 + waiting_labels_;
    const std::uint32_t oldest = waiting_.begin()->first;
    if (size() + instructions + relays - oldest > reach_)
        relay_waiting_jumps();
}

// Every jump in the older half of the reach goes to a relay, so that relays stand far apart.
void Assembler::relay_waiting_jumps() {
    const auto young = waiting_.lower_bound(size() - reach_ / 2);
    std::set<std::uint32_t> labels;
    for (auto jump = waiting_.begin(); jump != young; ++jump)
        labels.insert(jump->second);
    const std::uint32_t over = size() + 1 + static_cast<std::uint32_t>(labels.size());
    program_.instructions.push_back(with_immediate(BPF_JMP | BPF_JA, Register::R0, 0));
    point(size() - 1, over);
    for (const std::uint32_t label : labels) {
        const std::uint32_t relay = size();
        program_.instructions.push_back(with_immediate(BPF_JMP | BPF_JA, Register::R0, 0));
        std::erase_if(targets_[label].jumps, [&](std::uint32_t jump) {
            if (relay - jump <= reach_ / 4)
                return false;
            point(jump, relay);
            waiting_.erase(jump);
            return true;
        });
        if (targets_[label].jumps.empty())
            --waiting_labels_;
        wait(relay, label);
    }
}

void Assembler::wait(std::uint32_t jump, std::uint32_t label) {
    if (targets_[label].jumps.empty())
        ++waiting_labels_;
    targets_[label].jumps.push_back(jump);
    waiting_.emplace(jump, label);
}

void Assembler::point(std::uint32_t jump, std::uint32_t position) {
    const std::int64_t distance = std::int64_t{position} - jump - 1;
    if (distance < -std::int64_t{reach_})
        backward_too_long_ = true;
    program_.instructions[jump].off = static_cast<__s16>(distance);
}

}  // namespace xdpctl::compile
