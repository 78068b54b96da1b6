// SPDX-License-Identifier: BSD-2-Clause
// Which chain's programs a command runs packets through: of the running ruleset or of a file, by hook and interface.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "kernel/datapath.h"
#include "ruleset/model.h"
#include "testrun/testrun.h"

namespace xdpctl::cli {

struct ChainChoice {
    std::string ruleset;  // a file; empty: the running one
    std::string interface;
    std::optional<ruleset::Hook> hook;
    std::string mode = "xdp";
};

// --ruleset, --iface, --hook and --mode.
void add_chain_options(CLI::App& parser, ChainChoice& choice);

[[nodiscard]] kernel::Layer layer_of(ruleset::Hook hook, std::string_view mode);
[[nodiscard]] kernel::Layer layer_of(const ChainChoice& choice);

struct NamedRuleset {
    ruleset::Ruleset ruleset;
    std::vector<std::string> sources;  // names of the files its rules stand in; empty for the running one
};

// An empty path is the running ruleset. Handles of a file's objects are counted from 1. Errors: those of reading
// either.
[[nodiscard]] Result<NamedRuleset> load_ruleset(const std::string& path);

// A base chain and the table it stands in, of some ruleset.
struct ChainPlace {
    const ruleset::Table* table = nullptr;
    const ruleset::Chain* chain = nullptr;
};

// The chain of the hook, and of the interface if there is one. Errors: NotFound; Usage when there are several.
[[nodiscard]] Result<ChainPlace> select_chain(const ruleset::Ruleset& ruleset, ruleset::Hook hook,
                                              const std::string& interface);

struct ChosenChain {
    NamedRuleset in;
    ChainPlace place;  // in it; stays valid when the struct is moved, not when it is copied

    ChosenChain() = default;
    ChosenChain(ChosenChain&&) = default;
    ChosenChain& operator=(ChosenChain&&) = default;
};
[[nodiscard]] Result<ChosenChain> choose_chain(const ChainChoice& choice);

// Its programs, loaded privately.
[[nodiscard]] Result<testrun::Runner> create_runner(const ChainPlace& place, kernel::Layer layer,
                                                    const std::string& interface);
[[nodiscard]] Result<testrun::Runner> create_runner(const ChosenChain& chosen, const ChainChoice& choice);

}  // namespace xdpctl::cli
