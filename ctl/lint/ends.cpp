// SPDX-License-Identifier: BSD-2-Clause
#include "lint/ends.h"

#include <algorithm>
#include <variant>

namespace xdpctl::lint {

using ruleset::Branch;
using ruleset::Chain;
using ruleset::Rule;
using ruleset::Statement;

namespace {

const Branch* branch_of(const Rule& rule) {
    for (const Statement& statement : rule.statements)
        if (const auto* branch = std::get_if<Branch>(&statement))
            return branch;
    return nullptr;
}

bool is_for_all(const Rule& rule) {
    return std::ranges::none_of(rule.statements, is_test);
}

// Whether packets may leave the chain by it, back to where they came from. What a jump leads to comes back here.
bool can_lead_back(const Rule& rule) {
    const Branch* branch = branch_of(rule);
    const bool is_map = std::ranges::any_of(rule.statements, [](const Statement& statement) {
        return std::holds_alternative<ruleset::VerdictMap>(statement);
    });
    return is_map ||
           (branch != nullptr && (branch->kind == Branch::Kind::Return || branch->kind == Branch::Kind::Goto));
}

}  // namespace

bool is_test(const Statement& statement) {
    return std::holds_alternative<ruleset::Match>(statement) || std::holds_alternative<ruleset::Lookup>(statement) ||
           std::holds_alternative<ruleset::VerdictMap>(statement) || std::holds_alternative<ruleset::Limit>(statement);
}

bool Ends::ends(const Rule& rule) {
    if (rule.limit() != nullptr)
        return false;
    if (rule.verdict())
        return true;
    const Branch* branch = branch_of(rule);
    if (branch == nullptr || branch->kind == Branch::Kind::Continue)
        return false;
    if (branch->kind != Branch::Kind::Jump)
        return true;
    const Chain* chain = table_ == nullptr ? nullptr : table_->find_chain(branch->chain);
    return chain != nullptr && decides_all(*chain);
}

bool Ends::decides_all(const Chain& chain) {
    const auto [known, is_new] = decides_all_.try_emplace(&chain, false);
    if (is_new)
        known->second = find_decision(chain);
    return known->second;
}

bool Ends::find_decision(const Chain& chain) {
    for (const Rule& rule : chain.rules) {
        const Branch* branch = branch_of(rule);
        if (is_for_all(rule) && branch != nullptr && branch->kind == Branch::Kind::Goto) {
            const Chain* target = table_->find_chain(branch->chain);
            return target != nullptr && decides_all(*target);
        }
        if (can_lead_back(rule))
            return false;
        if (is_for_all(rule) && ends(rule))
            return true;
    }
    return false;
}

}  // namespace xdpctl::lint
