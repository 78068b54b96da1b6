// SPDX-License-Identifier: BSD-2-Clause
// Frames through the programs in the kernel, at XDP and TC, and through the reference parser and the evaluator, whose
// branches lead the fuzzer: what is found in the frame, and which of many rules over every field count it. The first
// byte chooses the layer.
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/fuzz.h"
#include "lang/print.h"
#include "support/evaluator.h"
#include "support/field_cases.h"
#include "support/reference_parser.h"
#include "testrun/testrun.h"

using namespace xdpctl;

namespace {

// A rule for every field, without a verdict: packets come to all of them.
std::vector<ruleset::Rule> rules_over_fields() {
    std::vector<ruleset::Rule> rules;
    for (const test::FieldCase& field : test::field_cases()) {
        ruleset::Rule& rule = rules.emplace_back();
        rule.statements = {field.matches().front(), ruleset::Counter{}};
        rule.handle = Handle{rules.size()};
    }
    return rules;
}

ruleset::Chain chain_of(ruleset::Hook hook, bool has_rules) {
    ruleset::Chain chain;
    chain.name = "chain";
    chain.hook = hook;
    chain.devices = {"eth0"};
    if (has_rules)
        chain.rules = rules_over_fields();
    return chain;
}

class Judge {
public:
    Judge(kernel::Layer layer, bool has_rules)
        : chain_(
              chain_of(layer == kernel::Layer::TcEgress ? ruleset::Hook::Egress : ruleset::Hook::Ingress, has_rules)),
          runner_(take(testrun::Runner::create(chain_, layer))),
          counts_(chain_.rules.size()) {}

    void compare(std::span<const std::byte> frame) {
        const auto outcome = runner_.run(frame);
        if (!outcome)  // such as a TC frame whose IP header is cut off, which test runs do not take
            return;
        const std::string different = test::differences(test::parse_reference(frame, chain_.hook), outcome->packet);
        test::require(different.empty(), "the parsers differ", different);

        const test::Fields fields = test::parse_frame(frame, chain_.hook);
        const test::Evaluation expected = test::evaluate(chain_, fields, chain_.devices.front());
        test::require(outcome->verdict == expected.verdict && outcome->reason == expected.reason,
                      "the verdict is another one");
        for (const std::size_t rule : expected.counted)
            counts_[rule] += {1, fields.length};
        for (const auto& [handle, count] : take(runner_.rule_counts())) {
            const std::size_t rule = std::to_underlying(handle) - 1;
            test::require(count == counts_[rule], "a rule counts otherwise", lang::print_rule(chain_.rules[rule]));
        }
    }

private:
    template <typename T>
    static T take(Result<T> result) {
        test::require(result.has_value(), "the programs do not run", result ? std::string() : result.error().text());
        return *std::move(result);
    }

    ruleset::Chain chain_;
    testrun::Runner runner_;
    std::vector<Count> counts_;
};

Judge& judge_of(kernel::Layer layer, bool has_rules) {
    static std::map<std::pair<kernel::Layer, bool>, Judge> judges;
    const auto found = judges.find({layer, has_rules});
    if (found != judges.end())
        return found->second;
    return judges.emplace(std::pair(layer, has_rules), Judge(layer, has_rules)).first->second;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t ethernet_header = 14;
    if (size < 1 + ethernet_header)
        return 0;
    constexpr kernel::Layer layers[] = {kernel::Layer::Xdp, kernel::Layer::TcIngress, kernel::Layer::TcEgress};
    const bool has_rules = (data[0] & 0x80U) != 0;
    const kernel::Layer layer = layers[(data[0] & 0x7fU) % std::size(layers)];
    judge_of(layer, has_rules).compare(std::as_bytes(std::span(data, size).subspan(1)));
    return 0;
}
