// SPDX-License-Identifier: BSD-2-Clause
// The code that decides whether a condition holds for a packet.
#pragma once

#include "compile/assembler.h"
#include "compile/condition.h"

namespace xdpctl::compile {

struct Exits {
    Label holds;
    Label fails;
    Label next;  // of the two the one that is bound directly behind: reached without a jump
};

// Tests the words, not the headers. Clobbers `scratch`.
// REQUIRES: the condition holds for some values and fails for others; `packet` points to a struct xdpctl_packet.
void emit_decision(Assembler& assembler, const Condition& condition, Register packet, Register scratch, Exits exits);

// Jumps to `holds` when the packet's word lies in the hull, else falls through. Clobbers `scratch`.
void emit_hull(Assembler& assembler, const Hull& hull, Register packet, Register scratch, Label holds);

}  // namespace xdpctl::compile
