// SPDX-License-Identifier: BSD-2-Clause
// Rule slots of one chain: a rule keeps its slot, and with it its counter, for as long as it keeps its handle.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/types.h"
#include "kernel/datapath.h"
#include "ruleset/model.h"

namespace xdpctl::kernel {

class RuleSlots {
public:
    // No slot in use.
    RuleSlots();
    [[nodiscard]] static Result<RuleSlots> read(const ChainMaps& maps);

    [[nodiscard]] std::map<Handle, RuleSlot> by_handle() const;

    // The slot of each rule, in order. Rules without one get a free slot. Errors: Limit.
    [[nodiscard]] Result<std::vector<RuleSlot>> assign(std::span<const ruleset::Rule> rules);

    // Writes what assign() gave out since: counters at zero first, then the owners.
    [[nodiscard]] Status write_assigned(const ChainMaps& maps);

    // Frees every slot whose owner is not among the rules. REQUIRES: no program that runs uses such a slot.
    [[nodiscard]] bool has_other_than(std::span<const ruleset::Rule> rules) const;
    [[nodiscard]] Status free_other_than(std::span<const ruleset::Rule> rules, const ChainMaps& maps);

private:
    std::vector<std::uint64_t> owners_;  // handles by slot; 0: free
    std::vector<std::uint32_t> assigned_;
};

}  // namespace xdpctl::kernel
