// SPDX-License-Identifier: BSD-2-Clause
// The buckets of rules with a limit: the map `limits` (maps/limit.h), one for the rules of all chains, because chains
// share rules. It is as large as it can get, so that a rule that is kept keeps its bucket, whatever is around it.
//
// A bucket belongs to the rule whose handle it has, if that rule is in the running ruleset. Those of rules that are
// gone, or of a commit that came to nothing, are given away when no others are free, after a grace period.
#pragma once

#include <linux/bpf.h>

#include <filesystem>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/types.h"
#include "compile/compile.h"
#include "maps/limit.h"
#include "ruleset/model.h"

namespace xdpctl::kernel {

class LimitMap {
public:
    [[nodiscard]] static Result<LimitMap> create(std::uint32_t slots = XDPCTL_LIMIT_SLOTS);
    [[nodiscard]] static Result<LimitMap> open(const std::filesystem::path& pin);
    [[nodiscard]] Status pin(const std::filesystem::path& path) const;
    [[nodiscard]] Result<LimitMap> duplicate() const;

    // For programs.
    [[nodiscard]] int fd() const { return map_.get(); }

    [[nodiscard]] Result<std::vector<xdpctl_limit>> read() const;
    [[nodiscard]] Status write(LimitSlot slot, const xdpctl_limit& bucket) const;

private:
    explicit LimitMap(Fd map) : map_(std::move(map)) {}

    Fd map_;
};

// Full.
[[nodiscard]] xdpctl_limit bucket_of(const ruleset::Limit& limit, Handle rule);
// One that stays full, for test runs: packets neither wait for it nor take anything.
[[nodiscard]] xdpctl_limit lasting_bucket_of(const ruleset::Limit& limit);

[[nodiscard]] bool has_limits(const ruleset::Ruleset& ruleset);

struct LimitPlan {
    std::unordered_map<Handle, LimitSlot> slots;  // of every rule that has a limit
    std::vector<const ruleset::Rule*> taken;      // rules that get their slot by this plan
    bool reuses_buckets = false;                  // of rules that ran once

    [[nodiscard]] LimitSlot slot(const ruleset::Rule& rule) const;  // any for a rule without a limit
};

// `map` is that of the running ruleset, null when it has none. Errors: Limit for too many rules.
[[nodiscard]] Result<LimitPlan> plan_limits(const LimitMap* map, const ruleset::Ruleset& running,
                                            const ruleset::Ruleset& next);

// REQUIRES: when the plan reuses buckets, that no program that runs takes from them.
[[nodiscard]] Status write_limits(const LimitMap& map, const LimitPlan& plan);

// How tokens are taken: see maps/lib/limit.bpf.h.
enum class Taking : std::uint8_t { AtOnce, UnderLock };
[[nodiscard]] Taking taking_supported();

// Puts a copy of a function of maps/limit.bpf.c behind generated instructions, which begin with the program's, and lets
// its calls lead there. REQUIRES: a map, when the program calls it.
[[nodiscard]] Status link_limits(const compile::Program& program, const LimitMap* map,
                                 std::vector<bpf_insn>& instructions, Taking taking = taking_supported());

}  // namespace xdpctl::kernel
