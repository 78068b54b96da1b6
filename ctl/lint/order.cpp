// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>

#include "lint/box.h"
#include "lint/lint.h"

namespace xdpctl::lint {

namespace {

class Order {
public:
    Order(const ruleset::Chain& chain, const std::vector<std::uint64_t>& hits) : chain_(chain), hits_(hits) {
        for (const ruleset::Rule& rule : chain.rules)
            boxes_.push_back(touched_box(rule, chain.devices, axes_));
        // Packets that come as far as each rule: those that no rule in front of it decided.
        reaching_.resize(chain.rules.size());
        std::uint64_t behind = 0;
        for (std::size_t i = chain.rules.size(); i-- > 0;) {
            if (chain.rules[i].verdict())
                behind += hits[i];
            reaching_[i] = behind;
        }
    }

    // The place for a rule that saves the most.
    [[nodiscard]] Move best_move(std::size_t rule) const {
        Move best{rule, rule, 0};
        if (!chain_.rules[rule].verdict() || boxes_[rule].is_empty)
            return best;
        std::uint64_t tests = 0;  // that its own packets are spared
        for (std::size_t place = rule; place-- > 0 && boxes_[place].is_disjoint(boxes_[rule]);) {
            tests += hits_[rule];
            // The packets that are decided on the way meet the rule now.
            const std::uint64_t met = reaching_[place] - reaching_[rule];
            if (tests > met && tests - met > best.saved)
                best = {rule, place, tests - met};
        }
        return best;
    }

private:
    const ruleset::Chain& chain_;
    const std::vector<std::uint64_t>& hits_;
    Axes axes_;
    std::vector<Box> boxes_;
    std::vector<std::uint64_t> reaching_;
};

}  // namespace

std::vector<Move> moves(const ruleset::Chain& chain, const std::vector<std::uint64_t>& hits) {
    const Order order(chain, hits);
    std::vector<Move> out;
    for (std::size_t rule = 0; rule < chain.rules.size(); ++rule)
        if (hits[rule] > 0)
            if (const Move move = order.best_move(rule); move.saved > 0)
                out.push_back(move);
    std::ranges::stable_sort(out, std::greater(), &Move::saved);
    return out;
}

}  // namespace xdpctl::lint
