// SPDX-License-Identifier: BSD-2-Clause
// A base chain to its classifier, by the engine that serves it best. Pure and deterministic: needs no kernel and no
// privilege.
#pragma once

#include <linux/bpf.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "ruleset/model.h"

namespace xdpctl::compile {

enum class Engine : std::uint8_t { StraightLine, TupleTree };

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

// The tuple-tree engine: tables for a program that is the same for all chains (tuple_tree/tables.h).
namespace tuple_tree {
struct Tables;
}

using Classifier = std::variant<Program, std::shared_ptr<const tuple_tree::Tables>>;

// What the compiler has to know about the chain's place in the kernel.
struct Placement {
    const ruleset::Table* table = nullptr;      // that the chain stands in; can be left out when it refers to nothing
    std::span<const RuleSlot> rule_slots;       // of each of rules_with_slots() (ruleset/reach.h), in their order
    std::span<const std::string> device_names;  // by device slot; "" for a free slot
    // Whether programs can loop without a bound that the verifier knows (may_goto, Linux 6.9): tuple tree needs it.
    bool can_loop = false;
    std::optional<Engine> engine = std::nullopt;  // instead of the one that costs packets less
};

// One more than the highest slot: how many counters a CPU must have.
[[nodiscard]] std::uint32_t slots_used(std::span<const RuleSlot> slots);

// Errors: Limit when no engine has room for the chain, with what the straight-line engine says when it is not ruled
// out.
[[nodiscard]] Result<Classifier> compile(const ruleset::Chain& chain, const Placement& placement);

// Errors: Limit when the kernel's verifier would not follow the program to its end, naming the rule that is too large
// and the number of rules that fits.
[[nodiscard]] Result<Program> straight_line(const ruleset::Chain& chain, const Placement& placement);

// Of instructions, or of tables.
[[nodiscard]] std::size_t size_in_bytes(const Classifier& classifier);

}  // namespace xdpctl::compile
