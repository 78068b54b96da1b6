// SPDX-License-Identifier: BSD-2-Clause
#include "import/iptables_rule.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "import/output.h"
#include "lang/parse.h"

namespace xdpctl::importing {

Converted<std::string> Words::argument(std::string_view option) {
    if (empty())
        return std::unexpected(Reason{fmt::format("{} has no value", option), {}});
    return take();
}

std::string_view family_match(Family family) {
    return family == Family::Ipv4 ? "meta protocol ip" : "meta protocol ip6";
}

Converted<std::string> convert_rule(std::span<const std::string> words, std::string_view counts,
                                    const RuleContext& context) {
    Words rest(words);
    RuleParts parts;
    std::string module;
    std::string target;
    while (!rest.empty()) {
        const bool negated = rest.take_if("!");
        if (rest.empty())
            return std::unexpected(Reason{"nothing follows '!'", {}});
        const std::string option = rest.take();
        if (option == "-m" || option == "--match") {
            const auto name = rest.argument(option);
            if (!name)
                return std::unexpected(name.error());
            module = *name;
            if (const Reason* reason = unsupported_module(module))
                return std::unexpected(*reason);
            if (auto begun = begin_module(module, parts); !begun)
                return std::unexpected(std::move(begun).error());
        } else if (option == "-j" || option == "--jump" || option == "-g" || option == "--goto") {
            const auto name = rest.argument(option);
            if (!name)
                return std::unexpected(name.error());
            auto statement = convert_target(*name, option == "-g" || option == "--goto", rest, context);
            if (!statement)
                return statement;
            target = *std::move(statement);
        } else if (auto match = convert_match(option, negated, module, rest, context, parts); !match) {
            return std::unexpected(std::move(match).error());
        }
    }
    if (parts.limit)
        parts.matches[parts.limit->place] =
            fmt::format("limit rate {} burst {} packets", parts.limit->rate, parts.limit->burst);
    std::string rule;
    if (!parts.names_family)
        rule = fmt::format("{} ", family_match(context.family));
    for (const std::string& match : parts.matches)
        rule += match + ' ';
    rule += counts.empty() ? "counter" : fmt::format("counter {}", counts);
    if (!target.empty())
        rule += ' ' + target;
    rule += comment_statement(fmt::format("{}", fmt::join(parts.comments, "; ")));
    if (const auto parsed = lang::parse_rule(rule, "rule"); !parsed)
        return std::unexpected(reason_of(parsed.error()));
    return rule;
}

}  // namespace xdpctl::importing
