// SPDX-License-Identifier: BSD-2-Clause
#include "cli/ruleset_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/text_file.h"
#include "compile/compile.h"
#include "compile/lookups.h"
#include "lang/parse.h"
#include "lang/source.h"
#include "ruleset/reach.h"

namespace xdpctl::cli {

namespace {

std::string counted(std::size_t number, std::string_view noun) {
    return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

}  // namespace

Result<ruleset::Ruleset> read_ruleset_file(const std::string& path, const std::vector<std::string>& devices) {
    auto parsed = parse_ruleset_file(path, devices);
    if (!parsed)
        return std::unexpected(std::move(parsed).error());
    return std::move(parsed->ruleset);
}

Result<lang::ParsedFile> parse_ruleset_file(const std::string& path, const std::vector<std::string>& devices) {
    auto text = read_ruleset_text(path, devices);
    if (!text)
        return std::unexpected(std::move(text).error());
    return std::move(text->parsed);
}

std::string RulesetText::line(ruleset::SourcePosition position) const {
    if (position.text == 0)
        return std::string(lang::Source({}, content).line_text(position.line));
    const std::string& name = parsed.sources[position.text];
    const auto included = read_text_file(name, name);
    if (!included || std::ranges::count(*included, '\n') + 1 < position.line)
        return {};
    const std::string_view line = lang::Source({}, *included).line_text(position.line);
    return line.size() < position.column ? std::string{} : std::string(line);
}

Result<RulesetText> read_ruleset_text(const std::string& path, const std::vector<std::string>& devices) {
    const std::string name = path == "-" ? "<stdin>" : path;
    auto content = read_text_file(path, name);
    if (!content)
        return std::unexpected(std::move(content).error());
    auto parsed =
        lang::parse_file(*content, name, [](const std::string& pattern) { return open_included(pattern); }, devices);
    if (!parsed)
        return std::unexpected(std::move(parsed).error());
    return RulesetText{*std::move(content), *std::move(parsed)};
}

Result<CompiledChain> compile_chain(const ruleset::Table& table, const ruleset::Chain& chain, compile::Loops loops) {
    auto sets = compile::looked_up_sets(chain, table);
    if (!sets)
        return std::unexpected(std::move(sets).error());
    std::vector<RuleSlot> slots;
    const std::size_t rules = ruleset::rules_with_slots(table, chain).size();
    for (std::uint32_t slot = 0; slot < rules; ++slot)
        slots.push_back(RuleSlot{slot});
    auto classifier = compile::compile(
        chain, {.table = &table, .sets = *sets, .rule_slots = slots, .device_names = chain.devices, .loops = loops});
    if (!classifier)
        return std::unexpected(std::move(classifier).error());
    return CompiledChain{*std::move(classifier), *std::move(sets)};
}

Result<std::size_t> compiled_size(const ruleset::Ruleset& ruleset) {
    std::size_t size = 0;
    for (const ruleset::Table& table : ruleset.tables) {
        for (const ruleset::Chain& chain : table.chains) {
            if (!chain.is_base)
                continue;
            // As on a kernel that has all the compiler uses: another one's refusal is the commit's to tell.
            const auto compiled = compile_chain(table, chain, compile::Loops::Free);
            if (!compiled)
                return std::unexpected(compiled.error());
            size += compile::size_in_bytes(compiled->classifier);
        }
    }
    return size;
}

Extent extent(const ruleset::Ruleset& ruleset) {
    Extent extent{.tables = ruleset.tables.size()};
    for (const ruleset::Table& table : ruleset.tables) {
        extent.chains += table.chains.size();
        for (const ruleset::Chain& chain : table.chains)
            extent.rules += chain.rules.size();
    }
    return extent;
}

std::string text(const Extent& extent) {
    return fmt::format("{}, {}, {}", counted(extent.tables, "table"), counted(extent.chains, "chain"),
                       counted(extent.rules, "rule"));
}

nlohmann::json json(const Extent& extent) {
    return {{"tables", extent.tables}, {"chains", extent.chains}, {"rules", extent.rules}};
}

}  // namespace xdpctl::cli
