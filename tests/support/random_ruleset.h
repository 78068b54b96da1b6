// SPDX-License-Identifier: BSD-2-Clause
// Random rulesets as an operator could write them: rules over all fields that overlap, nest, touch and negate each
// other. The same seed gives the same ruleset. Unlike those of random_chain.h their protocols never conflict and they
// are canonical: parse(print(x)) == x.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "ruleset/model.h"

namespace xdpctl::test {

struct RandomRulesetOptions {
    std::size_t rules = 30;
    ruleset::Hook hook = ruleset::Hook::Ingress;
    std::vector<std::string> devices{"eth0"};
    // Leaves out what nft 1.0.6 lists wrongly or in an order of its own: combined flags in sets, the highest VLAN id in
    // a set (as 65535), `a < x b > y` (as `b != x-y`), and a counter between ports (behind them).
    bool for_nft_listing = false;
};

class RandomRuleset {
public:
    explicit RandomRuleset(std::uint64_t seed, RandomRulesetOptions options = {})
        : random_(seed), options_(std::move(options)) {}

    // Table and chain have the default names; handles are 0.
    [[nodiscard]] ruleset::Ruleset ruleset();
    [[nodiscard]] ruleset::Rule rule();
    [[nodiscard]] ruleset::Match match(ruleset::Field field);
    [[nodiscard]] ruleset::Limit limit();

private:
    [[nodiscard]] std::size_t below(std::size_t limit);  // 0 <= number < limit
    [[nodiscard]] bool chance(unsigned percent) { return below(100) < percent; }
    [[nodiscard]] ruleset::Value value(ruleset::Field field);
    [[nodiscard]] ruleset::Interval interval(ruleset::Field field);
    [[nodiscard]] ruleset::Match flags_match();
    [[nodiscard]] ruleset::Match name_match(ruleset::Field field);
    [[nodiscard]] ruleset::Relation relation();
    void add_network(ruleset::Rule& rule, bool is_ip6, bool has_transport);
    void add_transport(ruleset::Rule& rule, ruleset::Field first, ruleset::Field second);

    std::mt19937_64 random_;
    RandomRulesetOptions options_;
    bool has_order_ = false;  // the rule being made compares by order
};

}  // namespace xdpctl::test
