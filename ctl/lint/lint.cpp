// SPDX-License-Identifier: BSD-2-Clause
#include "lint/lint.h"

#include <algorithm>
#include <optional>
#include <variant>

#include "lint/box.h"
#include "lint/box_index.h"
#include "lint/ends.h"

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
    Linter(const ruleset::Chain& chain, std::span<const std::string> devices, const ruleset::Table* table)
        : chain_(chain),
          ends_(table),
          deciding_(boxes(chain, devices, &matched_box)),
          touched_(boxes(chain, devices, &touched_box)),
          index_(deciding_),
          decides_(chain.rules.size()) {}

    Report lint() {
        Report report;
        for (report.compared = 0; report.compared < chain_.rules.size(); ++report.compared) {
            const std::size_t rule = report.compared;
            if (touched_[rule].is_empty) {
                report.findings.push_back({Kind::NeverMatches, rule, {}});
                continue;
            }
            std::vector<std::size_t> earlier;
            if (!index_.find(touched_[rule], rule, work_, earlier))
                break;
            std::erase_if(earlier, [this](std::size_t other) { return !decides_[other]; });
            const auto covers = find_covers(rule, earlier);
            if (!covers)
                report.undecided.push_back(rule);
            else if (!covers->empty())
                report.findings.push_back({kind(rule, *covers), rule, *covers});
            decides_[rule] = (!covers || covers->empty()) && !deciding_[rule].is_empty;
        }
        return report;
    }

private:
    // Rules that packets go on behind have an empty one among those that decide.
    std::vector<Box> boxes(const ruleset::Chain& chain, std::span<const std::string> devices, auto* box_of) {
        std::vector<Box> out;
        for (const Rule& rule : chain.rules) {
            out.push_back(box_of(rule, devices, axes_));
            if (box_of == &matched_box && !ends_.ends(rule))
                out.back().is_empty = true;
        }
        return out;
    }

    // The rules that together have all packets of this one, of those in front of it that have some; none when they do
    // not. Nothing when it cannot be said.
    std::optional<std::vector<std::size_t>> find_covers(std::size_t rule, const std::vector<std::size_t>& earlier) {
        std::vector<const Box*> boxes;
        for (const std::size_t other : earlier) {
            if (deciding_[other].covers(touched_[rule]))
                return std::vector{other};
            boxes.push_back(&deciding_[other]);
        }
        std::uint64_t work = std::min(work_, union_work_max);
        const std::uint64_t granted = work;
        std::vector<std::size_t> used;
        const auto is_covered = covered(touched_[rule], boxes, axes_, work, used);
        work_ -= granted - work;
        if (!is_covered)
            return std::nullopt;
        if (!*is_covered)
            return std::vector<std::size_t>();
        for (std::size_t& place : used)
            place = earlier[place];
        return used;
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
    Ends ends_;
    Axes axes_;
    std::vector<Box> deciding_;  // of the packets that come to each rule's verdict, or leave the chain by it
    std::vector<Box> touched_;
    BoxIndex index_;
    std::vector<bool> decides_;  // rules so far whose verdict some packet can come to
    std::uint64_t work_ = work_max;
};

}  // namespace

std::vector<Impossible> impossible_rules(const ruleset::Chain& chain, std::span<const std::string> devices) {
    std::vector<Impossible> out;
    Axes axes;
    for (std::size_t i = 0; i < chain.rules.size(); ++i) {
        const auto statement = excluding_statement(chain.rules[i], devices, axes);
        if (!statement)
            continue;
        Rule alone;
        alone.statements.push_back(chain.rules[i].statements[*statement]);
        out.push_back({i, *statement, matched_box(alone, devices, axes).is_empty});
    }
    return out;
}

Report lint(const ruleset::Chain& chain, std::span<const std::string> devices, const ruleset::Table* table) {
    return Linter(chain, devices, table).lint();
}

}  // namespace xdpctl::lint
