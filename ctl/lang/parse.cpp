// SPDX-License-Identifier: BSD-2-Clause
#include "lang/parse.h"

#include <fmt/format.h>

#include <algorithm>

#include "lang/cursor.h"
#include "lang/include.h"
#include "lang/rule.h"
#include "lang/ruleset.h"
#include "lang/source.h"
#include "lang/token.h"
#include "ruleset/check.h"

namespace xdpctl::lang {
namespace {

Status check_size(std::string_view text, std::string_view source) {
    if (text.size() < text_size_max)
        return {};
    return fail(ErrorKind::Input, fmt::format("{} has {} bytes", source, text.size()),
                fmt::format("a ruleset has less than {}", text_size_max));
}

Result<ParsedFile> parse(std::string_view text, std::string_view source, bool with_handles, const OpenIncluded& open) {
    XDPCTL_TRY(check_size(text, source));
    Sources sources(source, text);
    Diagnostics diagnostics(sources);
    Cursor cursor(sources, tokenize(text, with_handles), diagnostics);
    ruleset::Ruleset ruleset = RulesetParser(cursor, Includer(cursor, sources, open)).parse();
    if (!diagnostics.empty())
        return std::unexpected(diagnostics.error());
    std::vector<ruleset::Problem> problems = ruleset::problems(ruleset);
    if (problems.empty())
        return ParsedFile{std::move(ruleset), sources.names()};
    const bool is_limit =
        std::ranges::all_of(problems, [](const auto& problem) { return problem.kind == ErrorKind::Limit; });
    for (ruleset::Problem& problem : problems)
        diagnostics.add(problem.position, std::move(problem.what), std::move(problem.next));
    Error error = diagnostics.error();
    if (is_limit)
        error.kind = ErrorKind::Limit;
    return std::unexpected(std::move(error));
}

Result<ruleset::Ruleset> ruleset_of(Result<ParsedFile> parsed) {
    if (!parsed)
        return std::unexpected(std::move(parsed).error());
    return std::move(parsed->ruleset);
}

}  // namespace

Result<ruleset::Ruleset> parse_ruleset(std::string_view text, std::string_view source, bool with_handles) {
    return ruleset_of(parse(text, source, with_handles, {}));
}

Result<ruleset::Ruleset> parse_ruleset_file(std::string_view text, std::string_view source, const OpenIncluded& open) {
    return ruleset_of(parse_file(text, source, open));
}

Result<ParsedFile> parse_file(std::string_view text, std::string_view source, const OpenIncluded& open) {
    return parse(text, source, false, open);
}

Result<ruleset::Rule> parse_rule(std::string_view text, std::string_view source) {
    XDPCTL_TRY(check_size(text, source));
    const Sources sources(source, text);
    Diagnostics diagnostics(sources);
    Cursor cursor(sources, tokenize(text, false), diagnostics);
    ruleset::Rule rule;
    if (RuleParser(cursor).parse(rule)) {
        while (cursor.take_if(TokenKind::Newline) || cursor.take_if(TokenKind::Semicolon)) {
        }
        if (!cursor.at(TokenKind::End))
            cursor.expected("the end of the rule", "one rule at a time");
    }
    if (!diagnostics.empty())
        return std::unexpected(diagnostics.error());
    return rule;
}

}  // namespace xdpctl::lang
