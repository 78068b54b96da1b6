// SPDX-License-Identifier: BSD-2-Clause
// Words of the frame are loaded from its linear part, where the entry program has found every header whose bit is set.
// Raw payload may lie behind it: then a helper copies the bytes. Offsets from the packet are bounded by a mask, which
// never changes them: the verifier takes only numbers whose bounds it knows.
#include "compile/fetch.h"

#include <cstddef>
#include <utility>

#include "maps/packet.h"

namespace xdpctl::compile {

namespace {

constexpr Register base = Register::R2;   // where the header begins, from the start of the frame
constexpr Register bound = Register::R3;  // end of the word
constexpr Register data_end = Register::R4;
constexpr std::uint32_t offset_mask = 0x7fff;

constexpr std::uint16_t tag_at = 14;  // of a tag's two bytes in the link header
constexpr std::uint16_t tag_end = 16;
constexpr std::uint16_t tag_size = 4;

Size size_of(const Word& word) {
    return word.bytes == 1 ? Size::U8 : word.bytes == 2 ? Size::U16 : Size::U32;
}

std::int16_t packet_offset(Source source) {
    switch (source) {
    case Source::Network:
        return offsetof(xdpctl_packet, network_offset);
    case Source::Transport:
        return offsetof(xdpctl_packet, transport_offset);
    default:
        return offsetof(xdpctl_packet, fragment_offset);
    }
}

class Fetch {
public:
    Fetch(Assembler& assembler, const Word& word, const Registers& registers, Label missing)
        : asm_(assembler), word_(word), registers_(registers), missing_(missing) {}

    void emit() {
        switch (word_.source) {
        case Source::Packet:
            asm_.load(size_of(word_), fetched, registers_.packet, static_cast<std::int16_t>(word_.offset));
            break;
        case Source::Link:
            from_link();
            break;
        case Source::Network:
        case Source::Transport:
        case Source::Fragment:
            asm_.load(Size::U16, base, registers_.packet, packet_offset(word_.source));
            asm_.and32(base, offset_mask);
            from_frame(word_.offset);
            break;
        case Source::Mark:
            asm_.load_context(fetched, registers_.context, ContextField::Mark);
            break;
        case Source::Priority:
            asm_.load_context(fetched, registers_.context, ContextField::Priority);
            break;
        case Source::PacketType:
            asm_.load_context(fetched, registers_.context, ContextField::PacketType);
            break;
        case Source::Random:
            asm_.call(BPF_FUNC_get_prandom_u32);
            asm_.move32(fetched, Register::R0);
            break;
        case Source::Cpu:
            asm_.call(BPF_FUNC_get_smp_processor_id);
            asm_.move32(fetched, Register::R0);
            break;
        }
        if (word_.mask != word_.highest())
            asm_.and32(fetched, word_.mask);
        if (word_.ones != 0)
            asm_.or32(fetched, word_.ones);
    }

private:
    // A tag that was taken off is no part of the frame: its bytes are in the packet, and those behind it lie further
    // to the front.
    void from_link() {
        if (word_.offset < tag_at) {
            asm_.move32(base, 0);
            return from_frame(word_.offset);
        }
        asm_.load_context(base, registers_.context, ContextField::HasOffloadedTag);
        if (word_.offset < tag_end)
            return from_tag();
        asm_.and32(base, 1);
        asm_.xor32(base, 1);
        asm_.shift_left32(base, 2);
        from_frame(static_cast<std::uint16_t>(word_.offset - tag_size));
    }

    void from_tag() {
        const Label in_band = asm_.label();
        const Label done = asm_.label();
        asm_.jump_if32(Compare::Equal, base, 0, in_band);
        asm_.load(Size::U16, fetched, registers_.packet, offsetof(xdpctl_packet, vlan_tci));
        if (word_.bytes == 1 && word_.offset == tag_at)
            asm_.shift_right32(fetched, 8);
        if (word_.bytes == 1)
            asm_.and32(fetched, 0xff);
        asm_.jump(done);
        asm_.bind(in_band);
        asm_.move32(base, 0);
        from_frame(word_.offset);
        asm_.bind(done);
    }

    // `base` and the offset say where.
    void from_frame(std::uint16_t offset) {
        const Label beyond = word_.is_free ? asm_.label() : missing_;
        asm_.load_context(fetched, registers_.context, ContextField::Data);
        asm_.add(fetched, base);
        asm_.move(bound, fetched);
        asm_.add(bound, offset + word_.bytes);
        asm_.load_context(data_end, registers_.context, ContextField::DataEnd);
        asm_.jump_if(Compare::Greater, bound, data_end, beyond);
        asm_.load(size_of(word_), fetched, fetched, static_cast<std::int16_t>(offset));
        if (word_.is_free) {
            const Label done = asm_.label();
            asm_.jump(done);
            asm_.bind(beyond);
            copy(offset);
            asm_.bind(done);
        }
        asm_.from_network(fetched, size_of(word_));
    }

    void copy(std::uint16_t offset) {
        asm_.add(base, offset);
        asm_.move(Register::R1, registers_.context);
        asm_.move(Register::R3, Register::Frame);
        asm_.add(Register::R3, fetch_stack);
        asm_.move32(Register::R4, word_.bytes);
        asm_.call_load_bytes();
        asm_.jump_if_not_zero(Register::R0, missing_);
        asm_.load(size_of(word_), fetched, Register::Frame, fetch_stack);
    }

    Assembler& asm_;
    const Word& word_;
    const Registers& registers_;
    Label missing_;
};

}  // namespace

void emit_fetch(Assembler& assembler, const Word& word, const Registers& registers, Label missing) {
    Fetch(assembler, word, registers, missing).emit();
}

}  // namespace xdpctl::compile
