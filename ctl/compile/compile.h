// SPDX-License-Identifier: BSD-2-Clause
// A base chain to the BPF instructions of its classifier. Pure and deterministic: needs no kernel and no privilege.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "ruleset/model.h"

namespace xdpctl::compile {

// Maps the instructions refer to, by the place of the BPF_LD_IMM64 to patch with the map's descriptor.
enum class MapName : std::uint8_t { Packet, RuleCounters };

struct MapReference {
    std::uint32_t instruction;
    MapName map;
};

// The straight-line engine: every rule in order as compares with immediates. The instructions run in front of the
// hook's exit program (maps/lib/exit.bpf.h): they take ctx in r1, write the decision (verdict, reason, rule) into the
// packet and fall through to the end with ctx in r1.
struct Program {
    std::vector<bpf_insn> instructions;
    std::vector<MapReference> maps;
};

// What the compiler has to know about the chain's place in the kernel.
struct Placement {
    std::span<const RuleSlot> rule_slots;       // of each rule, in the chain's order
    std::span<const std::string> device_names;  // by device slot; "" for a free slot
};

// Errors: Limit when the kernel's verifier would not follow the program to its end, naming the rule that is too large
// and the number of rules that fits.
[[nodiscard]] Result<Program> compile(const ruleset::Chain& chain, const Placement& placement);

}  // namespace xdpctl::compile
