// SPDX-License-Identifier: BSD-2-Clause
// The accumulator is r0, the index r4; r1 points to the frame's head, r2 and r3 say how much of it is there and how
// long the frame is, and r5 and r6 are scratch. A load behind the end of the frame rejects the packet, as in classic
// BPF; one behind the end of the head cannot be decided here.
#include "compile/packet_filter.h"

#include <bit>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "maps/observe.h"

namespace xdpctl::compile {

namespace {

constexpr std::uint8_t accumulator = BPF_REG_0;
constexpr std::uint8_t head = BPF_REG_1;
constexpr std::uint8_t available = BPF_REG_2;
constexpr std::uint8_t length = BPF_REG_3;
constexpr std::uint8_t index = BPF_REG_4;
constexpr std::uint8_t place = BPF_REG_5;
constexpr std::uint8_t end_of_load = BPF_REG_6;

constexpr std::uint32_t memory_words = BPF_MEMWORDS;
// Offsets from here on are behind every frame.
constexpr std::uint32_t offset_max = 1U << 30;

class Translator {
public:
    explicit Translator(std::span<const sock_filter> program) : program_(program) {}

    Result<std::vector<bpf_insn>> run() {
        move(BPF_ALU, accumulator, 0);
        move(BPF_ALU, index, 0);
        clear_memory();
        for (next_ = 0; next_ < program_.size(); ++next_) {
            starts_.push_back(position());
            if (!translate(program_[next_]))
                return fail(ErrorKind::Unsupported, "cannot compile the filter for the kernel",
                            fmt::format("it has the instruction {:#x}", program_[next_].code));
        }
        add_ends();
        for (const auto& [jump, target] : jumps_)
            point(jump, starts_.at(target));
        if (too_long_)
            return fail(ErrorKind::Limit, "cannot compile the filter for the kernel", "it jumps too far");
        return std::move(code_);
    }

private:
    enum class End { Reject, Undecided, Beyond };

    [[nodiscard]] std::uint32_t position() const { return static_cast<std::uint32_t>(code_.size()); }

    void emit(int code, std::uint8_t to, std::uint8_t from = 0, std::int16_t offset = 0, std::uint32_t value = 0) {
        bpf_insn out{};
        out.code = static_cast<__u8>(code);
        out.dst_reg = to & 0xfU;
        out.src_reg = from & 0xfU;
        out.off = offset;
        out.imm = std::bit_cast<__s32>(value);
        code_.push_back(out);
    }

    void move(int size, std::uint8_t to, std::uint32_t value) { emit(size | BPF_MOV | BPF_K, to, 0, 0, value); }

    void point(std::uint32_t jump, std::uint32_t target) {
        const std::int64_t distance = std::int64_t{target} - jump - 1;
        if (distance > std::numeric_limits<__s16>::max())
            too_long_ = true;
        code_[jump].off = static_cast<__s16>(distance);
    }

    void jump_to(std::size_t target) {
        jumps_.emplace_back(position(), target);
        emit(BPF_JMP | BPF_JA, 0);
    }

    // 64-bit compare with a register or a value.
    void end_if(int compare, std::uint8_t left, std::uint32_t value, End end) {
        ends_[end].push_back(position());
        emit(BPF_JMP | compare | BPF_K, left, 0, 0, value);
    }
    void end_if_above(std::uint8_t left, std::uint8_t right, End end) {
        ends_[end].push_back(position());
        emit(BPF_JMP | BPF_JGT | BPF_X, left, right);
    }

    void clear_memory() {
        const auto uses_memory = [](const sock_filter& instruction) {
            const int kind = BPF_CLASS(instruction.code);
            return kind == BPF_ST || kind == BPF_STX;
        };
        for (const sock_filter& instruction : program_) {
            if (!uses_memory(instruction))
                continue;
            for (std::uint32_t word = 0; word < memory_words; ++word)
                emit(BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, memory(word));
            return;
        }
    }

    static std::int16_t memory(std::uint32_t word) {
        return static_cast<std::int16_t>(-4 * static_cast<int>(memory_words - word));
    }

    bool translate(const sock_filter& instruction) {
        switch (BPF_CLASS(instruction.code)) {
        case BPF_LD:
            return load(instruction);
        case BPF_LDX:
            return load_index(instruction);
        case BPF_ST:
        case BPF_STX:
            return store(instruction);
        case BPF_ALU:
            return calculate(instruction);
        case BPF_JMP:
            return branch(instruction);
        case BPF_RET:
            return finish(instruction);
        default:
            return transfer(instruction);
        }
    }

    // False when the size is none of classic BPF's.
    static std::optional<std::uint32_t> load_size(std::uint16_t code) {
        switch (BPF_SIZE(code)) {
        case BPF_W:
            return 4;
        case BPF_H:
            return 2;
        case BPF_B:
            return 1;
        default:
            return std::nullopt;
        }
    }

    void load_bytes(std::uint8_t to, std::uint8_t base, std::int16_t offset, std::uint16_t code) {
        emit(BPF_LDX | BPF_MEM | BPF_SIZE(code), to, base, offset);
        if (BPF_SIZE(code) != BPF_B)
            emit(BPF_ALU | BPF_END | BPF_TO_BE, to, 0, 0, BPF_SIZE(code) == BPF_H ? 16 : 32);
    }

    void load_at(std::uint8_t to, std::uint32_t offset, std::uint32_t size, std::uint16_t code) {
        const std::uint32_t end = offset + size;
        if (offset > offset_max) {
            end_if(BPF_JGE, length, 0, End::Reject);
        } else if (end > XDPCTL_FILTER_BYTES) {
            end_if(BPF_JLT, length, end, End::Reject);
            end_if(BPF_JGE, length, end, End::Undecided);
        } else {
            end_if(BPF_JLT, available, end, End::Reject);
            load_bytes(to, head, static_cast<std::int16_t>(offset), code);
        }
    }

    void load_behind_index(std::uint32_t offset, std::uint32_t size, std::uint16_t code) {
        if (offset > offset_max) {
            end_if(BPF_JGE, length, 0, End::Reject);
            return;
        }
        emit(BPF_ALU | BPF_MOV | BPF_X, place, index);
        emit(BPF_ALU64 | BPF_ADD | BPF_K, place, 0, 0, offset);
        emit(BPF_ALU64 | BPF_MOV | BPF_X, end_of_load, place);
        emit(BPF_ALU64 | BPF_ADD | BPF_K, end_of_load, 0, 0, size);
        end_if(BPF_JGT, place, XDPCTL_FILTER_BYTES - size, End::Beyond);
        end_if_above(end_of_load, available, End::Reject);
        emit(BPF_ALU64 | BPF_ADD | BPF_X, place, head);
        load_bytes(accumulator, place, 0, code);
    }

    bool load_value(std::uint8_t to, const sock_filter& instruction) {
        switch (BPF_MODE(instruction.code)) {
        case BPF_IMM:
            move(BPF_ALU, to, instruction.k);
            return true;
        case BPF_MEM:
            if (instruction.k >= memory_words)
                return false;
            emit(BPF_LDX | BPF_MEM | BPF_W, to, BPF_REG_10, memory(instruction.k));
            return true;
        case BPF_LEN:
            emit(BPF_ALU | BPF_MOV | BPF_X, to, length);
            return true;
        default:
            return false;
        }
    }

    bool load(const sock_filter& instruction) {
        const auto size = load_size(instruction.code);
        if (!size)
            return false;
        switch (BPF_MODE(instruction.code)) {
        case BPF_ABS:
            load_at(accumulator, instruction.k, *size, instruction.code);
            return true;
        case BPF_IND:
            load_behind_index(instruction.k, *size, instruction.code);
            return true;
        default:
            return load_value(accumulator, instruction);
        }
    }

    // Of an IP header's first byte its length, else as for the accumulator.
    bool load_index(const sock_filter& instruction) {
        if (BPF_MODE(instruction.code) != BPF_MSH)
            return load_value(index, instruction);
        load_at(index, instruction.k, 1, BPF_B);
        emit(BPF_ALU | BPF_AND | BPF_K, index, 0, 0, 0xf);
        emit(BPF_ALU | BPF_LSH | BPF_K, index, 0, 0, 2);
        return true;
    }

    bool store(const sock_filter& instruction) {
        if (instruction.k >= memory_words)
            return false;
        emit(BPF_STX | BPF_MEM | BPF_W, BPF_REG_10, BPF_CLASS(instruction.code) == BPF_ST ? accumulator : index,
             memory(instruction.k));
        return true;
    }

    bool calculate(const sock_filter& instruction) {
        const int operation = BPF_OP(instruction.code);
        const bool by_index = BPF_SRC(instruction.code) == BPF_X;
        switch (operation) {
        case BPF_NEG:
            emit(BPF_ALU | BPF_NEG, accumulator);
            return true;
        case BPF_DIV:
        case BPF_MOD:
            if (by_index)
                end_if(BPF_JEQ, index, 0, End::Reject);
            else if (instruction.k == 0)
                return false;
            break;
        case BPF_LSH:
        case BPF_RSH:
            // Classic shifts take every distance.
            if (by_index) {
                emit(BPF_JMP | BPF_JLT | BPF_K, index, 0, 2, 32);
                move(BPF_ALU, accumulator, 0);
                emit(BPF_JMP | BPF_JA, 0, 0, 1);
            } else if (instruction.k >= 32) {
                move(BPF_ALU, accumulator, 0);
                return true;
            }
            break;
        case BPF_ADD:
        case BPF_SUB:
        case BPF_MUL:
        case BPF_AND:
        case BPF_OR:
        case BPF_XOR:
            break;
        default:
            return false;
        }
        if (by_index)
            emit(BPF_ALU | operation | BPF_X, accumulator, index);
        else
            emit(BPF_ALU | operation | BPF_K, accumulator, 0, 0, instruction.k);
        return true;
    }

    [[nodiscard]] bool inside(std::uint64_t target) const { return target < program_.size(); }

    bool branch(const sock_filter& instruction) {
        const int operation = BPF_OP(instruction.code);
        const std::size_t behind = next_ + 1;
        if (operation == BPF_JA) {
            if (!inside(behind + instruction.k))
                return false;
            jump_to(behind + instruction.k);
            return true;
        }
        if (operation != BPF_JEQ && operation != BPF_JGT && operation != BPF_JGE && operation != BPF_JSET)
            return false;
        if (!inside(behind + instruction.jt) || !inside(behind + instruction.jf))
            return false;
        jumps_.emplace_back(position(), behind + instruction.jt);
        if (BPF_SRC(instruction.code) == BPF_X)
            emit(BPF_JMP32 | operation | BPF_X, accumulator, index);
        else
            emit(BPF_JMP32 | operation | BPF_K, accumulator, 0, 0, instruction.k);
        if (instruction.jf != 0)
            jump_to(behind + instruction.jf);
        return true;
    }

    bool finish(const sock_filter& instruction) {
        switch (BPF_RVAL(instruction.code)) {
        case BPF_K:
            move(BPF_ALU, accumulator, instruction.k != 0 ? 1 : 0);
            break;
        case BPF_A:
            emit(BPF_JMP | BPF_JEQ | BPF_K, accumulator, 0, 1, 0);
            move(BPF_ALU, accumulator, 1);
            break;
        default:
            return false;
        }
        emit(BPF_JMP | BPF_EXIT, 0);
        return true;
    }

    bool transfer(const sock_filter& instruction) {
        switch (BPF_MISCOP(instruction.code)) {
        case BPF_TAX:
            emit(BPF_ALU | BPF_MOV | BPF_X, index, accumulator);
            return true;
        case BPF_TXA:
            emit(BPF_ALU | BPF_MOV | BPF_X, accumulator, index);
            return true;
        default:
            return false;
        }
    }

    // Only those that something leads to: the verifier refuses others.
    void add_ends() {
        if (ends_.contains(End::Beyond)) {
            bind(End::Beyond);
            end_if_above(end_of_load, length, End::Reject);
            ends_[End::Undecided].push_back(position());
            emit(BPF_JMP | BPF_JA, 0);
        }
        for (const auto& [end, answer] : {std::pair{End::Reject, 0U}, std::pair{End::Undecided, 2U}}) {
            if (!ends_.contains(end))
                continue;
            bind(end);
            move(BPF_ALU, accumulator, answer);
            emit(BPF_JMP | BPF_EXIT, 0);
        }
    }

    void bind(End end) {
        for (const std::uint32_t jump : ends_[end])
            point(jump, position());
    }

    std::span<const sock_filter> program_;
    std::size_t next_ = 0;
    std::vector<bpf_insn> code_;
    std::vector<std::uint32_t> starts_;                         // of each classic instruction
    std::vector<std::pair<std::uint32_t, std::size_t>> jumps_;  // to classic instructions
    std::map<End, std::vector<std::uint32_t>> ends_;
    bool too_long_ = false;
};

}  // namespace

Result<std::vector<bpf_insn>> packet_filter(std::span<const sock_filter> program) {
    return Translator(program).run();
}

}  // namespace xdpctl::compile
