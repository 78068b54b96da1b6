// SPDX-License-Identifier: BSD-2-Clause
// What a commit is going to do, decided before anything is changed: which slots rules and devices get, which devices
// are attached, and each chain's instructions.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "compile/compile.h"
#include "compile/tuple_tree/tables.h"
#include "kernel/interface.h"
#include "kernel/live.h"
#include "kernel/rule_slots.h"
#include "kernel/state.h"
#include "kernel/survey.h"
#include "kernel/warnings.h"

namespace xdpctl::kernel {

// A device that the commit attaches, or takes over from another chain.
struct Joining {
    DeviceSlot slot{};
    std::optional<xdpctl_device> bound;  // to the slot already, from an earlier attachment
    Interface interface;
    xdpctl_mode mode = XDPCTL_MODE_AUTO;
    const LiveChain* from = nullptr;  // the chain it leaves
    SurveyedDevice in_from;
};

struct ChainPlan {
    explicit ChainPlan(const NamedChain& chain_in_text) : named(chain_in_text) {}

    NamedChain named;
    LiveChain* running = nullptr;           // null for a new chain
    std::unique_ptr<LiveChain> created;     // of a new chain, once it is made
    std::vector<std::string> device_names;  // by slot
    SlotPlan slots;
    std::optional<RuleMaps> new_rules;      // once they are made, when the plan of slots asks for new maps
    std::vector<const ruleset::Set*> sets;  // that the rules look keys up in, by number
    compile::Classifier classifier;
    LookupMaps lookups;  // of the classifier, once all are there
    std::vector<Joining> joining;

    [[nodiscard]] LiveChain& live() const { return created ? *created : *running; }
    [[nodiscard]] const RuleMaps& rules() const { return new_rules ? *new_rules : running->rules(); }
    [[nodiscard]] const ruleset::Chain& chain() const { return *named.chain; }
    // Null when it is straight-line code.
    [[nodiscard]] const compile::tuple_tree::Tables* tables() const {
        const auto* tables = std::get_if<std::shared_ptr<const compile::tuple_tree::Tables>>(&classifier);
        return tables == nullptr ? nullptr : tables->get();
    }
};

struct CommitPlan {
    std::vector<ChainPlan> chains;
    LimitPlan limits;
    GenerationSets sets;  // of all looked-up sets; those that the running generation has alike are the same maps
};

// Follows renamed devices in `next`. The plans refer to `next` and to `live`.
// Errors: NotFound for a device that is asked for and missing, Limit, those of the compiler.
[[nodiscard]] Result<CommitPlan> plan_commit(const Live& live, ruleset::Ruleset& next, const CommitOptions& options,
                                             Warnings& warnings);

}  // namespace xdpctl::kernel
