// SPDX-License-Identifier: BSD-2-Clause
// Tuple-tree tables, walked in plain C++, against evaluating their chain rule by rule.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compile/tuple_tree/tables.h"
#include "support/rule_mix.h"

namespace xdpctl::test {

struct Compiled {
    ruleset::Chain chain;
    std::vector<std::string> devices = test_devices();
    std::unique_ptr<compile::tuple_tree::Tables> tables;
};

[[nodiscard]] std::vector<RuleSlot> slots_of(const ruleset::Chain& chain);

[[nodiscard]] Result<Compiled> try_compiled(ruleset::Chain chain,
                                            const compile::tuple_tree::BuildOptions& options = {});
// A chain that does not compile is a failure of the test.
[[nodiscard]] Compiled compiled(ruleset::Chain chain, const compile::tuple_tree::BuildOptions& options = {});

struct Decision {
    std::vector<std::size_t> counted;    // rules by their place in the chain, in order
    std::optional<std::size_t> decider;  // none: the policy
    ruleset::Verdict verdict{};
    bool operator==(const Decision&) const = default;

    [[nodiscard]] std::string text() const;
};

[[nodiscard]] Decision expected_decision(const Compiled& compiled, const xdpctl_packet& packet);
[[nodiscard]] Decision classify(const Compiled& compiled, const xdpctl_packet& packet);

// Number of packets that a rule decided. A mismatch is a failure of the test, with the smallest chain and packet that
// show it.
std::size_t expect_same(const Compiled& compiled, std::size_t packets, Random& random);

}  // namespace xdpctl::test
