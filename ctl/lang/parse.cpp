// SPDX-License-Identifier: BSD-2-Clause
#include "lang/parse.h"

#include <fmt/format.h>

#include <algorithm>

#include "lang/cursor.h"
#include "lang/include.h"
#include "lang/json_document.h"
#include "lang/named_set.h"
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

struct Parsed {
    ruleset::Ruleset ruleset;
    bool is_too_large = false;  // and good else
};

struct Context {
    const OpenIncluded& open;
    const std::vector<std::string>& devices;  // of base chains that name none
};

// What is wrong goes into the diagnostics.
Parsed parse(Sources& sources, std::vector<Token> tokens, const Context& context, Diagnostics& diagnostics) {
    Cursor cursor(sources, std::move(tokens), diagnostics);
    Parsed parsed{.ruleset = RulesetParser(cursor, Includer(cursor, sources, context.open)).parse()};
    if (!diagnostics.empty())
        return parsed;
    for (ruleset::Table& table : parsed.ruleset.tables)
        for (ruleset::Chain& chain : table.chains)
            if (chain.is_base && chain.devices.empty())
                chain.devices = context.devices;
    std::vector<ruleset::Problem> problems = ruleset::problems(parsed.ruleset);
    parsed.is_too_large =
        std::ranges::all_of(problems, [](const auto& problem) { return problem.kind == ErrorKind::Limit; });
    for (ruleset::Problem& problem : problems)
        diagnostics.add(problem.position, std::move(problem.what), std::move(problem.next));
    return parsed;
}

Result<ParsedFile> result(Parsed parsed, const Sources& sources, Error error) {
    if (error.what.empty())
        return ParsedFile{std::move(parsed.ruleset), sources.names()};
    if (parsed.is_too_large)
        error.kind = ErrorKind::Limit;
    return std::unexpected(std::move(error));
}

// Positions in the text that a document becomes tell nobody anything.
void forget_positions(ruleset::Ruleset& ruleset) {
    for (ruleset::Table& table : ruleset.tables) {
        table.position = {};
        for (ruleset::Set& set : table.sets)
            set.position = {};
        for (ruleset::Chain& chain : table.chains) {
            chain.position = {};
            for (ruleset::Rule& rule : chain.rules)
                rule.position = {};
        }
    }
}

Result<ParsedFile> parse_document(std::string_view text, std::string_view source, const Context& context) {
    const auto document = JsonDocument::read(text, source, context.devices.empty());
    if (!document)
        return std::unexpected(document.error());
    XDPCTL_TRY(check_size(document->text(), source));
    Sources sources(source, document->text());
    Diagnostics diagnostics(sources);
    Parsed parsed = parse(sources, tokenize(document->text(), false), context, diagnostics);
    forget_positions(parsed.ruleset);
    return result(std::move(parsed), sources, document->error(diagnostics));
}

Result<ParsedFile> parse(std::string_view text, std::string_view source, bool with_handles, const Context& context) {
    XDPCTL_TRY(check_size(text, source));
    if (!with_handles && is_json(text))
        return parse_document(text, source, context);
    Sources sources(source, text);
    Diagnostics diagnostics(sources);
    Parsed parsed = parse(sources, tokenize(text, with_handles), context, diagnostics);
    return result(std::move(parsed), sources, diagnostics.error());
}

Result<ruleset::Ruleset> ruleset_of(Result<ParsedFile> parsed) {
    if (!parsed)
        return std::unexpected(std::move(parsed).error());
    return std::move(parsed->ruleset);
}

}  // namespace

Result<ruleset::Ruleset> parse_ruleset(std::string_view text, std::string_view source, bool with_handles) {
    return ruleset_of(parse(text, source, with_handles, {.open = {}, .devices = {}}));
}

Result<ruleset::Ruleset> parse_ruleset_file(std::string_view text, std::string_view source, const OpenIncluded& open) {
    return ruleset_of(parse_file(text, source, open));
}

Result<ParsedFile> parse_file(std::string_view text, std::string_view source, const OpenIncluded& open,
                              const std::vector<std::string>& devices) {
    return parse(text, source, false, {.open = open, .devices = devices});
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

Result<ruleset::Elements> parse_set_elements(std::string_view text, std::string_view source, const ruleset::Set& set) {
    XDPCTL_TRY(check_size(text, source));
    const Sources sources(source, text);
    Diagnostics diagnostics(sources);
    Cursor cursor(sources, tokenize(text, false), diagnostics);
    while (cursor.take_if(TokenKind::Newline)) {
    }
    auto elements = parse_elements_of(cursor, set);
    if (elements) {
        while (cursor.take_if(TokenKind::Newline) || cursor.take_if(TokenKind::Semicolon)) {
        }
        if (!cursor.at(TokenKind::End))
            cursor.expected("the end of the elements", "put all of them into one pair of braces");
    }
    if (!diagnostics.empty())
        return std::unexpected(diagnostics.error());
    return *std::move(elements);
}

}  // namespace xdpctl::lang
