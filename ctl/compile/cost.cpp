// SPDX-License-Identifier: BSD-2-Clause
#include "compile/cost.h"

#include <algorithm>
#include <cmath>

#include "compile/tuple_tree/tables.h"

namespace xdpctl::compile {

namespace {

// Parsing, tail call, counting and verdict, whatever the rules are.
constexpr double fixed_nanoseconds = 20;
// A compare that does not hold, with its share of ways that nobody predicted: packets differ.
constexpr double rule_nanoseconds = 0.3;
// Tables of a thousand rules, and each doubling from there on: more of what is read comes from caches further away.
constexpr double tables_nanoseconds = 45;
constexpr double near_bytes = 64 << 10;
constexpr double doubling_nanoseconds = 11;
// A step that waits for memory and goes a way that nobody predicted.
constexpr double step_nanoseconds = 12;

Cost cost_of(std::size_t rules, const Program& program) {
    const double all = rule_nanoseconds * static_cast<double>(rules);
    return {.engine = Engine::StraightLine,
            .tables = 0,
            .bytes = program.instructions.size() * sizeof(bpf_insn),
            .nanoseconds = fixed_nanoseconds + all / 2,
            .worst_steps = rules,
            .worst_nanoseconds = fixed_nanoseconds + all};
}

Cost cost_of(const tuple_tree::Tables& tables) {
    const tuple_tree::Report& report = tables.report;
    const double doublings = std::max(0.0, std::log2(static_cast<double>(report.bytes) / near_bytes));
    const double expected = fixed_nanoseconds + tables_nanoseconds + doubling_nanoseconds * doublings;
    return {.engine = Engine::TupleTree,
            .tables = std::max(report.tables4, report.tables6),
            .bytes = report.bytes,
            .nanoseconds = expected,
            .worst_steps = report.worst_steps,
            .worst_nanoseconds =
                std::max(expected, fixed_nanoseconds + step_nanoseconds * static_cast<double>(report.worst_steps))};
}

}  // namespace

Cost cost(std::size_t rules, const Classifier& classifier) {
    if (const auto* program = std::get_if<Program>(&classifier))
        return cost_of(rules, *program);
    return cost_of(*std::get<std::shared_ptr<const tuple_tree::Tables>>(classifier));
}

}  // namespace xdpctl::compile
