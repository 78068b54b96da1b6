// SPDX-License-Identifier: BSD-2-Clause
// The counters of a chain's rules and who has them: the maps `rule_counters` and `rule_slots`. A map cannot grow, so a
// chain that outgrows its maps gets others with its next generation; they take over the counts when no program counts
// in the old ones any more. Until then a rule's count is the sum of both.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/types.h"
#include "kernel/mapping.h"
#include "maps/chain.h"
#include "maps/counter.h"

namespace xdpctl::kernel {

class RuleMaps {
public:
    // All slots are free, all counters zero.
    [[nodiscard]] static Result<RuleMaps> create(std::uint32_t slots);
    [[nodiscard]] static Result<RuleMaps> open(const std::filesystem::path& directory);
    [[nodiscard]] Status pin(const std::filesystem::path& directory) const;

    // For programs.
    [[nodiscard]] int counters() const { return counters_.get(); }

    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(slots().size()); }
    [[nodiscard]] std::span<xdpctl_rule_slot> slots() const { return slot_memory_.as<xdpctl_rule_slot>(); }
    // Counted in these maps, on all CPUs.
    [[nodiscard]] Count counted(RuleSlot slot) const;
    [[nodiscard]] Count taken_over(RuleSlot slot) const;
    [[nodiscard]] Count count(RuleSlot slot) const { return counted(slot) + taken_over(slot); }

    void zero(RuleSlot slot) const;
    // Zeroes every counter while programs may count: a packet on the way is counted before or after.
    void reset() const;

private:
    [[nodiscard]] Status map_memory(std::uint32_t cpus, std::uint32_t slots);
    [[nodiscard]] xdpctl_counter& counter(std::size_t cpu, RuleSlot slot) const;

    Fd counters_, slots_;
    Mapping counter_memory_, slot_memory_;
    std::size_t cpus_ = 0;
};

// Adds up nothing twice: done again, it gives the same. REQUIRES: no program that runs counts in `former`.
void take_over(const RuleMaps& former, const RuleMaps& rules);

// The count of each rule, in order; none of a rule that has no slot, or lost it meanwhile. `former`: maps whose counts
// are not yet taken over, or null.
[[nodiscard]] std::vector<std::optional<Count>> counts(const RuleMaps& maps, const RuleMaps* former,
                                                       std::span<const Handle> rules);

}  // namespace xdpctl::kernel
