// SPDX-License-Identifier: BSD-2-Clause
#include "lint/lint.h"

#include <algorithm>
#include <optional>
#include <variant>

#include "lint/box.h"

namespace xdpctl::lint {

namespace {

using ruleset::Counter;
using ruleset::Rule;
using ruleset::Statement;

// Equal but for what counters start with, and comments.
bool same(const Rule& a, const Rule& b) {
    const auto same_statement = [](const Statement& x, const Statement& y) {
        return (std::holds_alternative<Counter>(x) && std::holds_alternative<Counter>(y)) || x == y;
    };
    return std::ranges::equal(a.statements, b.statements, same_statement);
}

class Linter {
public:
    Linter(const ruleset::Chain& chain, std::span<const std::string> devices) : chain_(chain) {
        for (const Rule& rule : chain.rules) {
            matched_.push_back(matched_box(rule, devices, axes_));
            touched_.push_back(touched_box(rule, devices, axes_));
        }
    }

    Report lint() {
        Report report;
        for (report.compared = 0; report.compared < chain_.rules.size(); ++report.compared) {
            const std::size_t rule = report.compared;
            if (touched_[rule].is_empty) {
                report.findings.push_back({Kind::NeverMatches, rule, {}});
                continue;
            }
            if (work_ < deciding_.size())
                break;
            work_ -= deciding_.size();
            if (auto finding = find_cover(rule))
                report.findings.push_back(*std::move(finding));
            else if (chain_.rules[rule].verdict() && !matched_[rule].is_empty)
                deciding_.push_back(rule);
        }
        return report;
    }

private:
    [[nodiscard]] std::optional<Finding> find_cover(std::size_t rule) {
        std::vector<std::size_t> touching;
        std::vector<const Box*> touching_boxes;
        for (const std::size_t earlier : deciding_) {
            if (matched_[earlier].covers(touched_[rule]))
                return Finding{kind(rule, {earlier}), rule, {earlier}};
            if (!matched_[earlier].is_disjoint(touched_[rule])) {
                touching.push_back(earlier);
                touching_boxes.push_back(&matched_[earlier]);
            }
        }
        std::uint64_t work = std::min(work_, union_work_max);
        const std::uint64_t granted = work;
        std::vector<std::size_t> used;
        const auto is_covered = covered(touched_[rule], touching_boxes, axes_, work, used);
        work_ -= granted - work;
        if (!is_covered.value_or(false))
            return std::nullopt;
        for (std::size_t& place : used)
            place = touching[place];
        return Finding{kind(rule, used), rule, used};
    }

    [[nodiscard]] Kind kind(std::size_t rule, const std::vector<std::size_t>& covers) const {
        const Rule& covered_rule = chain_.rules[rule];
        if (covers.size() == 1 && same(chain_.rules[covers.front()], covered_rule))
            return Kind::Duplicate;
        const auto verdict = covered_rule.verdict();
        const bool is_redundant = verdict && std::ranges::all_of(covers, [&](std::size_t cover) {
                                      return chain_.rules[cover].verdict() == verdict;
                                  });
        return is_redundant ? Kind::Redundant : Kind::Shadowed;
    }

    const ruleset::Chain& chain_;
    Axes axes_;
    std::vector<Box> matched_;
    std::vector<Box> touched_;
    std::vector<std::size_t> deciding_;  // rules so far that have a verdict and can come to it
    std::uint64_t work_ = work_max;
};

}  // namespace

Report lint(const ruleset::Chain& chain, std::span<const std::string> devices) {
    return Linter(chain, devices).lint();
}

}  // namespace xdpctl::lint
