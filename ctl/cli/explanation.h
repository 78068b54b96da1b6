// SPDX-License-Identifier: BSD-2-Clause
// Why a packet got its verdict: what the real programs decided, with the story that the model tells of it.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

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

    // Whether the programs decided what the model says. When they did not, one of both is wrong.
    [[nodiscard]] bool agrees() const;
};

// Several lines; the first has the verdict and what it comes from.
[[nodiscard]] std::string text(const Explanation& explanation);
[[nodiscard]] nlohmann::json json(const Explanation& explanation);

// Runs a frame and tells. The result refers to `chosen`. Errors: those of testrun::Runner.
[[nodiscard]] Result<Explanation> explain(testrun::Runner& runner, const ChosenChain& chosen,
                                          std::span<const std::byte> frame);

// "rules.nft:12"; empty for a rule that stands in no file.
[[nodiscard]] std::string place_of(const ruleset::Rule& rule, const NamedRuleset& in);

// "tcp dport 22 counter drop # handle 7 (rules.nft:12)"
[[nodiscard]] std::string reference(const ruleset::Rule& rule, const NamedRuleset& in);

}  // namespace xdpctl::cli
