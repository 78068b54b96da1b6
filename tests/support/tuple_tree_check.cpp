// SPDX-License-Identifier: BSD-2-Clause
#include "support/tuple_tree_check.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "support/evaluator.h"
#include "support/packet_fields.h"
#include "support/reproducer.h"
#include "support/tuple_tree_walk.h"

namespace xdpctl::test {

using compile::tuple_tree::BuildOptions;

std::vector<RuleSlot> slots_of(const ruleset::Chain& chain) {
    std::vector<RuleSlot> slots;
    for (std::uint32_t i = 0; i < chain.rules.size(); ++i)
        slots.push_back(RuleSlot{i});
    return slots;
}

Result<Compiled> try_compiled(ruleset::Chain chain, const BuildOptions& options) {
    Compiled out{.chain = std::move(chain), .tables = nullptr};
    const auto slots = slots_of(out.chain);
    auto tables = compile::tuple_tree::build(out.chain, {.rule_slots = slots, .device_names = out.devices}, options);
    if (!tables)
        return std::unexpected(std::move(tables).error());
    out.tables = std::move(*tables);
    return out;
}

Compiled compiled(ruleset::Chain chain, const BuildOptions& options) {
    auto made = try_compiled(std::move(chain), options);
    EXPECT_TRUE(made.has_value()) << made.error().text();
    return made ? std::move(*made) : Compiled{};
}

Decision expected_decision(const Compiled& compiled, const xdpctl_packet& packet) {
    const Evaluation evaluation = evaluate(compiled.chain, fields_of(packet), compiled.devices[packet.device]);
    return {evaluation.counted, evaluation.rule, evaluation.verdict};
}

namespace {

// Of a full bucket: slots number the rules that have one.
bool limit_holds(const ruleset::Chain& chain, std::uint32_t slot, std::uint32_t bytes) {
    for (const ruleset::Rule& rule : chain.rules)
        if (const ruleset::Limit* limit = rule.limit(); limit != nullptr && slot-- == 0)
            return (bytes <= limit->bytes_max()) == !limit->is_over;
    throw std::logic_error("no rule has the slot");
}

}  // namespace

Decision classify(const Compiled& compiled, const xdpctl_packet& packet) {
    Decision decision{.counted = {}, .decider = std::nullopt, .verdict = compiled.chain.policy};
    std::uint32_t from = 0;
    while (const auto found = find(*compiled.tables, packet, from)) {
        const std::size_t rule = found->action & XDPCTL_TUPLE_SLOT;
        if ((found->action & XDPCTL_TUPLE_LIMIT) != 0) {
            const xdpctl_tuple_limit& limit = compiled.tables->limits[found->order];
            if (!limit_holds(compiled.chain, limit.slot, packet.length)) {
                from = limit.fails_to;
                continue;
            }
        }
        if ((found->action & XDPCTL_TUPLE_COUNT) != 0)
            decision.counted.push_back(rule);
        if ((found->action & XDPCTL_TUPLE_FINAL) != 0) {
            decision.decider = rule;
            decision.verdict =
                (found->action & XDPCTL_TUPLE_DROP) != 0 ? ruleset::Verdict::Drop : ruleset::Verdict::Accept;
            break;
        }
        const std::vector<std::uint32_t>& resume_at = compiled.tables->resume_at;
        from = resume_at.empty() ? found->order + 1 : resume_at[found->order];
    }
    return decision;
}

std::string Decision::text() const {
    std::string text = decider ? "rule " + std::to_string(*decider) : "policy";
    text += verdict == ruleset::Verdict::Drop ? " drop, counted" : " accept, counted";
    for (const std::size_t rule : counted)
        text += " " + std::to_string(rule);
    return text;
}

std::size_t expect_same(const Compiled& compiled, std::size_t packets, Random& random) {
    std::size_t decided = 0;
    for (std::size_t i = 0; i < packets; ++i) {
        const xdpctl_packet packet = random_packet(compiled.chain, 2, random);
        const Decision expected = expected_decision(compiled, packet);
        decided += static_cast<std::size_t>(expected.decider.has_value());
        const Decision got = classify(compiled, packet);
        if (got == expected)
            continue;
        const auto disagree = [](const ruleset::Chain& chain, const xdpctl_packet& same) {
            const auto made = try_compiled(chain);
            return made && expected_decision(*made, same) != classify(*made, same);
        };
        ADD_FAILURE() << "expected " << expected.text() << "; got " << got.text() << "\n"
                      << minimized({compiled.chain, packet}, disagree).text();
        break;
    }
    return decided;
}

}  // namespace xdpctl::test
