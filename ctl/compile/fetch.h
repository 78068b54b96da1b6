// SPDX-License-Identifier: BSD-2-Clause
// The code that loads a word, wherever it comes from.
#pragma once

#include "compile/assembler.h"
#include "compile/condition.h"

namespace xdpctl::compile {

// What the code around finds where. R0 to R5 do not outlive a fetch.
struct Registers {
    Register context;
    Register packet;  // points to a struct xdpctl_packet
};

// Where a fetched word is.
inline constexpr Register fetched = Register::R1;

// At most as many instructions as a fetch has.
inline constexpr std::uint32_t fetch_max = 34;

// The word in host byte order, its mask and ones applied, to `fetched`. Jumps to `missing` when the packet does not
// have it, which only words of the frame can do. Uses the four bytes of the stack frame below `fetch_stack`.
inline constexpr std::int16_t fetch_stack = -8;
void emit_fetch(Assembler& assembler, const Word& word, const Registers& registers, Label missing);

}  // namespace xdpctl::compile
