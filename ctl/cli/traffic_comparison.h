// SPDX-License-Identifier: BSD-2-Clause
// Packets through two rulesets side by side: which verdicts would flip, and which rules stand behind them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "base/error.h"
#include "cli/chain_choice.h"

namespace xdpctl::cli {

// Judges an interface's packets by one ruleset; one without a chain for it accepts them all.
class Judge {
public:
    struct Judgement {
        ruleset::Verdict verdict{};
        std::string origin;  // "tcp dport 22 accept # handle 4 (new.nft:7)", "policy", "no chain"
        std::string packet;  // in words
    };

    // The chain of hook and interface, if there is one.
    [[nodiscard]] static Result<Judge> create(const NamedRuleset& in, ruleset::Hook hook, const std::string& interface,
                                              kernel::Layer layer);
    // Errors: those of testrun::Runner.
    [[nodiscard]] Result<Judgement> judge(std::span<const std::byte> frame);

private:
    Judge(const NamedRuleset& in, const ruleset::Table* table, std::optional<testrun::Runner> runner)
        : in_(&in), table_(table), runner_(std::move(runner)) {}

    [[nodiscard]] std::string origin(const testrun::Outcome& outcome) const;

    const NamedRuleset* in_;
    const ruleset::Table* table_;
    std::optional<testrun::Runner> runner_;
};

// Packets whose verdict goes from one origin's to another's.
struct Flip {
    ruleset::Verdict verdict{};  // that they would get
    std::string before;
    std::string after;
    std::uint64_t packets = 0;
    std::vector<std::string> examples;
};

class TrafficComparison {
public:
    TrafficComparison(Judge before, Judge after) : before_(std::move(before)), after_(std::move(after)) {}

    // Packets that cannot be run are only counted. Errors: those that would meet every packet.
    [[nodiscard]] Status add(std::span<const std::byte> frame, std::uint32_t wire_length);

    [[nodiscard]] std::uint64_t packets() const { return packets_; }
    [[nodiscard]] std::uint64_t not_run() const { return not_run_; }
    [[nodiscard]] std::uint64_t flipped() const;
    // By number of packets, the most first.
    [[nodiscard]] std::vector<Flip> flips() const;

private:
    using Key = std::tuple<ruleset::Verdict, std::string, std::string>;

    Judge before_;
    Judge after_;
    std::uint64_t packets_ = 0;
    std::uint64_t not_run_ = 0;
    std::map<Key, Flip> flips_;
};

}  // namespace xdpctl::cli
