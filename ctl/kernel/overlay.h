// SPDX-License-Identifier: BSD-2-Clause
// Rules that are added to the ends of a chain of tables, or taken out, without reading, compiling and loading the rules
// that the tables have: a generation whose classifier is made of parts (maps/stage.h). What cannot be changed so is
// left to a commit, which compiles all rules into tables again.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/error.h"
#include "kernel/layout.h"
#include "maps/generation.h"
#include "ruleset/edit.h"
#include "ruleset/model.h"

namespace xdpctl::kernel {

// Pins which of the chain's rules its tables do not have, below the generation's directory.
[[nodiscard]] Status store_overlay(const std::filesystem::path& generation, const ChainKey& chain,
                                   const xdpctl_overlay& overlay);

// Completes what a killed writer may have left undone of a generation that runs.
[[nodiscard]] Status finish_erasing(const std::filesystem::path& generation);

// Clears stages that no part of the generation needs.
[[nodiscard]] Status clear_other_parts(const std::filesystem::path& generation, const ChainKey& chain,
                                       const Datapath& datapath);

class RuleOverlay {
public:
    // Takes the writer's lock. Nothing when no chain has tables, or a killed writer left something unfinished: state.h
    // opens what is there then, and puts it right. Errors: Locked.
    [[nodiscard]] static Result<std::optional<RuleOverlay>> open_for_writing(std::chrono::milliseconds timeout);
    RuleOverlay(RuleOverlay&&) noexcept;
    RuleOverlay& operator=(RuleOverlay&&) noexcept;
    ~RuleOverlay();

    // The running ruleset without the rules that are in tables, in whose place there is one that no packet needs, and
    // without the rules of chains that have no tables.
    [[nodiscard]] const ruleset::Ruleset& ruleset() const;

    // Makes the difference between ruleset() and `next` run, all or nothing. False: it takes a commit.
    // REQUIRES: `next` derived from ruleset() by ruleset/edit.h.
    [[nodiscard]] Result<bool> commit(const ruleset::Ruleset& next);

    // The chain of tables that has the rule in them.
    [[nodiscard]] std::optional<ruleset::ChainName> chain_with(Handle rule) const;
    // Takes it out. False: it takes a commit. REQUIRES: some chain_with() it.
    [[nodiscard]] Result<bool> erase(Handle rule);

private:
    struct Running;
    explicit RuleOverlay(std::unique_ptr<Running> running);
    std::unique_ptr<Running> running_;
};

}  // namespace xdpctl::kernel
