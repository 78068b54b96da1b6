// SPDX-License-Identifier: BSD-2-Clause
// Findings about hostile rulesets: what proves one stands in front of it and decides.
#include "lint/lint.h"

#include "fuzz/fuzz.h"
#include "lang/parse.h"

using namespace xdpctl;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto ruleset = lang::parse_ruleset({reinterpret_cast<const char*>(data), size}, "fuzz");
    if (!ruleset)
        return 0;
    for (const ruleset::Table& table : ruleset->tables) {
        for (const ruleset::Chain& chain : table.chains) {
            const lint::Report report = lint::lint(chain, chain.devices);
            test::require(report.compared <= chain.rules.size(), "more rules were compared than there are");
            for (const lint::Finding& finding : report.findings) {
                test::require(finding.covers.empty() == (finding.kind == lint::Kind::NeverMatches),
                              "a finding has no proof");
                for (const std::size_t cover : finding.covers)
                    test::require(cover < finding.rule && chain.rules[cover].verdict().has_value(), "a proof is none");
            }
            for (const lint::Move& move : lint::moves(chain, std::vector<std::uint64_t>(chain.rules.size(), 1)))
                test::require(move.before < move.rule && move.rule < chain.rules.size(), "a move leads nowhere");
        }
    }
    return 0;
}
