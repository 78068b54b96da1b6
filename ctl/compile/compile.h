// SPDX-License-Identifier: BSD-2-Clause
// A base chain to its classifier, by the engine that serves it best. Pure and deterministic: needs no kernel and no
// privilege.
#pragma once

#include <linux/bpf.h>

#include <cstddef>
#include <cstdint>
#include <functional>
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

// What the kernel's verifier lets programs loop: the tuple-tree engine needs it.
enum class Loops : std::uint8_t {
    None,
    Bounded,  // as often as the verifier can follow: enough for most chains that have a verdict in every rule
    Free,     // may_goto, Linux 6.9
};

// Maps the instructions refer to, by the place of the BPF_LD_IMM64 to patch with the map's descriptor.
enum class MapName : std::uint8_t { Packet, RuleCounters, Stages };

struct MapReference {
    std::uint32_t instruction;
    MapName map;
};

// What instructions take from the hook's context. Where it lies, or that there is none, depends on the hook: whoever
// loads them fills it in.
enum class ContextField : std::uint8_t {
    Data,             // load: first byte of the linear part of the frame
    DataEnd,          // load
    HasOffloadedTag,  // load: 0 or 1
    Mark,             // load
    Priority,         // load
    PacketType,       // load
    LoadBytes,        // call of the helper that copies bytes of the frame, wherever they are
};

struct ContextReference {
    std::uint32_t instruction;
    ContextField field;
};

// What instructions call to look keys up (maps/set_lookup.bpf.c); whoever loads them fills it in.
enum class SetUse : std::uint8_t {
    Lookup,  // a copy of set_holds, for a set
    Joint,   // a copy of joint_answer, for a joint
};

struct SetReference {
    std::uint32_t instruction;
    SetUse use;
    std::uint32_t number;  // of the set or the joint
};

// The straight-line engine: every rule in order as compares with immediates. The instructions run in front of the
// hook's exit program (maps/lib/exit.bpf.h): they take ctx in r1, write the decision (verdict, reason, rule) into the
// packet and fall through to the end with ctx in r1.
struct Program {
    std::vector<bpf_insn> instructions;
    std::vector<MapReference> maps;
    std::vector<ContextReference> contexts = {};
    std::vector<SetReference> sets = {};
    std::vector<std::uint32_t> limits = {};               // calls of copies of limit_holds (maps/limit.bpf.c)
    std::vector<std::vector<std::uint32_t>> joints = {};  // numbers of the sets that share a lookup, by their bits
};

// The tuple-tree engine: tables for a program that is the same for all chains (tuple_tree/tables.h).
namespace tuple_tree {
struct Tables;
}

using Classifier = std::variant<Program, std::shared_ptr<const tuple_tree::Tables>>;

// Told now and then how many of a chain's parts are compiled.
using Progress = std::function<void(std::size_t done, std::size_t total)>;

// What judges packets that no rule decides about, in place of the policy: the stage that is called, and the one that it
// calls in its turn, 0 for none (maps/stage.h).
struct Continuation {
    std::uint32_t stage;
    std::uint32_t behind;
};

// What the compiler has to know about the chain's place in the kernel.
struct Placement {
    const ruleset::Table* table = nullptr;  // that the chain stands in; can be left out when it refers to nothing
    // Sets that stay sets, by number: lookups in others are compiled as matches (lookups.h).
    std::span<const ruleset::Set* const> sets = {};
    std::span<const RuleSlot> rule_slots;  // of each of rules_with_slots() (ruleset/reach.h), in their order
    // Of their limits, for those that have one. Left out: such rules are numbered, in their order.
    std::span<const LimitSlot> limit_slots = {};
    std::span<const std::string> device_names;  // by device slot; "" for a free slot
    Loops loops = Loops::None;
    std::optional<Continuation> continuation = std::nullopt;  // of straight-line code only
    std::optional<Engine> engine = std::nullopt;              // instead of the one that costs packets less
    Progress progress = {};
};

// One more than the highest slot: how many counters a CPU must have.
[[nodiscard]] std::uint32_t slots_used(std::span<const RuleSlot> slots);

// Errors: Limit when no engine has room for the chain, with what the straight-line engine says when it is not ruled
// out.
[[nodiscard]] Result<Classifier> compile(const ruleset::Chain& chain, const Placement& placement);

// Errors: Limit when the kernel's verifier would not follow the program to its end, naming the rule that is too large
// and the number of rules that fits.
[[nodiscard]] Result<Program> straight_line(const ruleset::Chain& chain, const Placement& placement);

// A match on what only TC knows of a packet.
struct TcOnly {
    const ruleset::Chain* chain;
    std::size_t rule;  // its place in the chain
    ruleset::Field field;
};
// In the chain, or in one that its packets come to by jumps when the table is given.
[[nodiscard]] std::optional<TcOnly> first_tc_only(const ruleset::Chain& chain, const ruleset::Table* table);

// Numbers of the sets that share a lookup, by their bits.
[[nodiscard]] std::span<const std::vector<std::uint32_t>> joints_of(const Classifier& classifier);

// Of instructions, or of tables.
[[nodiscard]] std::size_t size_in_bytes(const Classifier& classifier);

}  // namespace xdpctl::compile
