// SPDX-License-Identifier: BSD-2-Clause
#include "compile/cost.h"

#include <algorithm>
#include <cmath>
#include <vector>

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

// A lookup among 10,000 elements, and each doubling from there on.
constexpr double lookup_nanoseconds = 25;
constexpr double lookup_elements = 10'000;
constexpr double lookup_doubling_nanoseconds = 10;

// Reading the clock, mostly.
constexpr double limit_nanoseconds = 40;

std::size_t limits_of(const Classifier& classifier) {
    if (const auto* program = std::get_if<Program>(&classifier))
        return program->limits.size();
    // By order: those that have none go on from nowhere.
    const auto& limits = std::get<std::shared_ptr<const tuple_tree::Tables>>(classifier)->limits;
    return static_cast<std::size_t>(std::ranges::count_if(limits, &xdpctl_tuple_limit::fails_to));
}

double lookup_cost(std::size_t elements) {
    const double doublings = std::max(0.0, std::log2(static_cast<double>(elements) / lookup_elements));
    return lookup_nanoseconds + lookup_doubling_nanoseconds * doublings;
}

// What a packet pays that is looked up wherever rules may look it up; sets that share a lookup are one.
struct Lookups {
    std::size_t count = 0;
    double nanoseconds = 0;

    void add(std::size_t elements) {
        ++count;
        nanoseconds += lookup_cost(elements);
    }
};

Lookups lookups_of(const Classifier& classifier, std::span<const ruleset::Set* const> sets) {
    Lookups out;
    std::vector<bool> shared(sets.size());
    for (const auto& joint : joints_of(classifier)) {
        std::size_t elements = 0;
        for (const std::uint32_t number : joint) {
            shared[number] = true;
            elements += sets[number]->elements->size();
        }
        out.add(elements);
    }
    for (std::size_t number = 0; number < sets.size(); ++number)
        if (!shared[number])
            out.add(sets[number]->elements->size());
    return out;
}

Cost cost_of(std::size_t rules, const Program& program) {
    const double all = rule_nanoseconds * static_cast<double>(rules);
    return {.engine = Engine::StraightLine,
            .tables = 0,
            .sets = 0,
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
            .sets = 0,
            .bytes = report.bytes,
            .nanoseconds = expected,
            .worst_steps = report.worst_steps,
            .worst_nanoseconds =
                std::max(expected, fixed_nanoseconds + step_nanoseconds * static_cast<double>(report.worst_steps))};
}

}  // namespace

Cost cost(std::size_t rules, const Classifier& classifier, std::span<const ruleset::Set* const> sets) {
    const auto* program = std::get_if<Program>(&classifier);
    Cost out = program != nullptr ? cost_of(rules, *program)
                                  : cost_of(*std::get<std::shared_ptr<const tuple_tree::Tables>>(classifier));
    const Lookups lookups = lookups_of(classifier, sets);
    out.sets = sets.size();
    // The rules that look up are as likely as others to be the ones that decide.
    if (lookups.count != 0)
        out.nanoseconds +=
            lookups.nanoseconds * static_cast<double>(lookups.count + 1) / static_cast<double>(2 * lookups.count);
    out.worst_nanoseconds += lookups.nanoseconds;
    // Rules with a limit are as likely as others to be come to.
    const double limits = limit_nanoseconds * static_cast<double>(limits_of(classifier));
    out.nanoseconds += limits / static_cast<double>(std::max<std::size_t>(rules, 1));
    out.worst_nanoseconds += limits;
    return out;
}

}  // namespace xdpctl::compile
