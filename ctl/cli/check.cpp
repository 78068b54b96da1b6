// SPDX-License-Identifier: BSD-2-Clause
// check: everything about a ruleset file that can be known without the kernel.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/file_options.h"
#include "cli/ruleset_file.h"
#include "lang/print.h"
#include "lang/source.h"
#include "lint/lint.h"
#include "ruleset/idle.h"
#include "ruleset/reach.h"

namespace xdpctl::cli {

namespace {

struct Checked {
    Extent extent;
    std::size_t bytes = 0;
};

std::string text(const Checked& checked) {
    return fmt::format("ok: {}, {} bytes compiled\n", text(checked.extent), checked.bytes);
}

nlohmann::json json(const Checked& checked) {
    nlohmann::json out = json(checked.extent);
    out["bytes"] = checked.bytes;
    return {{"checked", std::move(out)}};
}

// What no packet comes past, in the rule's own words.
std::string text_of(const ruleset::Statement& statement) {
    ruleset::Rule rule;
    rule.statements.push_back(statement);
    return lang::print_rule(rule);
}

void warn_of_impossible_rule(Output& output, const RulesetText& file, const ruleset::Rule& rule,
                             const lint::Impossible& found) {
    lang::Diagnostic warning;
    warning.source = file.parsed.sources[rule.position.text];
    warning.line = rule.position.line;
    warning.column = rule.position.column;
    warning.message =
        fmt::format("the rule never matches: no packet comes past '{}'", text_of(rule.statements[found.statement]));
    warning.hint = found.alone ? "the chain has no such packets" : "it excludes what the matches in front of it leave";
    // A document has no lines.
    if (warning.line == 0)
        return output.warn(fmt::format("{}: {}", warning.message, warning.hint));
    warning.line_text = file.line(rule.position);
    output.warn_in_text(warning.text("warning"));
}

void warn_of_impossible_rules(Output& output, const RulesetText& file) {
    constexpr std::size_t shown_max = 20;
    std::size_t all = 0;
    for (const ruleset::Table& table : file.parsed.ruleset.tables)
        for (const ruleset::Chain& chain : table.chains)
            for (const lint::Impossible& found : lint::impossible_rules(chain, ruleset::devices_of(table, chain)))
                if (++all <= shown_max)
                    warn_of_impossible_rule(output, file, chain.rules[found.rule], found);
    if (all > shown_max)
        output.warn(fmt::format("{} more rules never match; xdpctl lint lists them", all - shown_max));
}

Status check(Session& session, const FileOptions& options) {
    const auto file = read_ruleset_text(options.path, options.devices);
    if (!file)
        return std::unexpected(file.error());
    const ruleset::Ruleset& ruleset = file->parsed.ruleset;
    const auto bytes = compiled_size(ruleset);
    if (!bytes)
        return std::unexpected(bytes.error());
    warn_of_impossible_rules(session.output, *file);
    session.output.warn(ruleset::idle_parts(ruleset));
    session.output.confirm(Checked{extent(ruleset), *bytes});
    return {};
}

}  // namespace

Action declare_check(CLI::App& parser) {
    auto options = std::make_shared<FileOptions>();
    add_file_options(parser, *options);
    return [options](Session& session) { return check(session, *options); };
}

}  // namespace xdpctl::cli
