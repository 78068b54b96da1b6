// SPDX-License-Identifier: BSD-2-Clause
// The code that decides whether a condition holds for a packet.
#pragma once

#include "compile/assembler.h"
#include "compile/condition.h"
#include "compile/fetch.h"

namespace xdpctl::compile {

// The bits of the word that count.
void load_word(Assembler& assembler, const Word& word, Register to, Register packet);

struct Exits {
    Label holds;
    Label fails;
    Label next;  // of the two the one that is bound directly behind: reached without a jump
};

// Tests the words, not the headers. A packet that lacks a word fails. Clobbers R0 to R5.
// REQUIRES: the condition holds for some values.
void emit_decision(Assembler& assembler, const Condition& condition, const Registers& registers, Exits exits);

// Jumps to `holds` when the packet's word lies in the hull, else falls through to `fails`. Clobbers R0 to R5.
void emit_hull(Assembler& assembler, const Hull& hull, const Registers& registers, Label holds, Label fails);

}  // namespace xdpctl::compile
