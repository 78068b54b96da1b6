// SPDX-License-Identifier: BSD-2-Clause
// Why a packet got its verdict: what the real programs decided, with the story that the model tells of it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <utility>

#include "base/error.h"
#include "cli/chain_choice.h"
#include "story/story.h"
#include "testrun/testrun.h"

namespace xdpctl::cli {

struct Explanation {
    std::string packet;  // in words
    testrun::Outcome outcome;
    story::Story story;
    const NamedRuleset* in = nullptr;
    ChainPlace place;
    bool lists_all = false;  // of the rules that nearly matched

    // Whether the programs decided what the model says.
    [[nodiscard]] bool is_as_told() const;
    // When they did not although the model knows all that it needs, one of both is wrong.
    [[nodiscard]] bool agrees() const { return is_as_told() || !story.is_certain; }
    // By the programs; null when no rule decided.
    [[nodiscard]] const ruleset::Rule* decided_rule() const;
};

// Several lines; the first has the verdict and what it comes from.
[[nodiscard]] std::string text(const Explanation& explanation);
[[nodiscard]] nlohmann::json json(const Explanation& explanation);

// Runs frames through a chain's programs and tells of them. What it returns refers to the chosen chain.
class Explainer {
public:
    // `chosen` must outlive it.
    [[nodiscard]] static Result<Explainer> create(const ChosenChain& chosen, const ChainChoice& choice);
    // Errors: those of testrun::Runner.
    [[nodiscard]] Result<Explanation> explain(std::span<const std::byte> frame);

private:
    Explainer(const ChosenChain& chosen, testrun::Runner runner) : chosen_(&chosen), runner_(std::move(runner)) {}

    const ChosenChain* chosen_;
    testrun::Runner runner_;
};

}  // namespace xdpctl::cli
