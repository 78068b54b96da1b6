// SPDX-License-Identifier: BSD-2-Clause
#include "compile/compile.h"

#include <algorithm>
#include <utility>

#include "compile/flat_chain.h"
#include "compile/tuple_tree/tables.h"

namespace xdpctl::compile {

namespace {

// Straight-line code costs a packet a fifth of a nanosecond a rule that does not match; the tables cost nearly the same
// however many rules there are, which is about what so many rules cost.
constexpr std::size_t straight_line_rules = 400;

Result<Classifier> compile_as(Engine engine, const ruleset::Chain& chain, const Placement& placement) {
    if (engine == Engine::StraightLine)
        return straight_line(chain, placement);
    return tuple_tree::build(chain, placement, {.flatten = {}, .split = {}, .progress = placement.progress});
}

}  // namespace

Result<Classifier> compile(const ruleset::Chain& chain, const Placement& placement) {
    if (placement.engine)
        return compile_as(*placement.engine, chain, placement);
    if (placement.loops == Loops::None)
        return straight_line(chain, placement);
    const auto flat = flat_chain(chain, placement);
    XDPCTL_TRY(flat);
    const bool few = flat->weight() <= straight_line_rules;
    auto preferred = compile_as(few ? Engine::StraightLine : Engine::TupleTree, chain, placement);
    if (preferred)
        return preferred;
    auto other = compile_as(few ? Engine::TupleTree : Engine::StraightLine, chain, placement);
    return other ? std::move(other) : std::move(preferred);
}

std::uint32_t slots_used(std::span<const RuleSlot> slots) {
    return slots.empty() ? 0 : std::to_underlying(*std::ranges::max_element(slots)) + 1;
}

std::span<const std::vector<std::uint32_t>> joints_of(const Classifier& classifier) {
    if (const auto* program = std::get_if<Program>(&classifier))
        return program->joints;
    return std::get<std::shared_ptr<const tuple_tree::Tables>>(classifier)->joints;
}

std::size_t size_in_bytes(const Classifier& classifier) {
    if (const auto* program = std::get_if<Program>(&classifier))
        return program->instructions.size() * sizeof(bpf_insn);
    return std::get<std::shared_ptr<const tuple_tree::Tables>>(classifier)->report.bytes;
}

}  // namespace xdpctl::compile
