// SPDX-License-Identifier: BSD-2-Clause
#include "cli/rule_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "lang/parse.h"

namespace xdpctl::cli {

namespace {

std::unexpected<Error> usage(std::string what, std::string next) {
    return fail(ErrorKind::Usage, std::move(what), {}, std::move(next));
}

Result<Handle> read_handle(const std::string& word) {
    std::uint64_t number = 0;
    const char* end = word.data() + word.size();
    const auto [stop, error] = std::from_chars(word.data(), end, number);
    if (error != std::errc{} || stop != end || number == 0)
        return usage(fmt::format("'{}' is no handle", word), "'xdpctl rule list -a' shows handles");
    return Handle{number};
}

// Takes TABLE CHAIN off the front of words whose first word is `netdev`.
Result<ruleset::ChainName> take_netdev_chain(Words& words) {
    if (words.size() < 3)
        return usage("'netdev' must be followed by a table and a chain", "for example: netdev xdpctl ingress");
    ruleset::ChainName chain{words[1], words[2]};
    words = words.subspan(3);
    return chain;
}

std::unexpected<Error> no_such_chain(const ruleset::Table& table, const std::string& chain) {
    std::vector<std::string> names;
    for (const ruleset::Chain& known : table.chains)
        names.push_back(known.name);
    return fail(ErrorKind::NotFound, fmt::format("table {} has no chain {}", table.name, chain), {},
                fmt::format("its chains: {}", fmt::join(names, ", ")));
}

// Takes the chain off the front if the words begin with one.
Result<std::optional<ruleset::ChainName>> take_chain(Words& words, const ruleset::Ruleset& ruleset) {
    if (words.front() == "netdev") {
        auto chain = take_netdev_chain(words);
        if (!chain)
            return std::unexpected(std::move(chain).error());
        return std::move(*chain);
    }
    const ruleset::Table* table = ruleset.find_table(words.front());
    if (words.size() < 2 || table == nullptr)
        return std::nullopt;
    if (ruleset.find_chain(words[0], words[1]) == nullptr)
        return no_such_chain(*table, words[1]);
    ruleset::ChainName chain{words[0], words[1]};
    words = words.subspan(2);
    return chain;
}

Result<std::optional<Handle>> take_position(Words& words) {
    if (words.empty() || (words.front() != "position" && words.front() != "handle"))
        return std::nullopt;
    if (words.size() < 2)
        return usage(fmt::format("'{}' must be followed by a rule's handle", words.front()),
                     "'xdpctl rule list -a' shows handles");
    const auto handle = read_handle(words[1]);
    if (!handle)
        return std::unexpected(handle.error());
    words = words.subspan(2);
    return *handle;
}

// A text in quotation marks, which the shell has taken off: the comment at the end, or the prefix of a log.
bool is_text(Words words, std::size_t i) {
    return (i > 0 && i + 1 == words.size() && words[i - 1] == "comment") ||
           (i > 0 && words[i - 1] == "prefix" && std::ranges::count(words.first(i), "log") != 0);
}

}  // namespace

Result<std::optional<ruleset::ChainName>> read_chain(Words words) {
    if (words.empty())
        return std::nullopt;
    if (words.size() == 2)
        return ruleset::ChainName{words[0], words[1]};
    if (words.size() == 3 && words.front() == "netdev")
        return take_netdev_chain(words).value();
    return usage(fmt::format("'{}' does not name a chain", join(words)),
                 "a chain is named by its table and its own name, for example: xdpctl ingress");
}

Result<ruleset::ChainName> pick_chain(const std::optional<ruleset::ChainName>& named,
                                      std::optional<ruleset::Hook> hook) {
    if (!named)
        return ruleset::ChainName{std::string(ruleset::default_table),
                                  std::string(ruleset::default_chain(hook.value_or(ruleset::Hook::Ingress)))};
    if (hook)
        return fail(ErrorKind::Usage, "--hook picks the default chain of a hook, and a chain is named already", {},
                    "leave one of them out");
    return *named;
}

Result<NewRule> read_new_rule(Words words, const ruleset::Ruleset& ruleset) {
    auto chain = take_chain(words, ruleset);
    if (!chain)
        return std::unexpected(std::move(chain).error());
    const auto position = take_position(words);
    if (!position)
        return std::unexpected(position.error());
    auto rule = lang::parse_rule(join(words), command_line_source);
    if (!rule)
        return std::unexpected(std::move(rule).error());
    return NewRule{std::move(*chain), *position, std::move(*rule)};
}

Result<OldRule> read_old_rule(Words words) {
    const auto keyword = std::ranges::find(words, "handle");
    if (keyword == words.end() || keyword + 1 == words.end())
        return usage("the rule's handle is missing", "say 'handle H'; 'xdpctl rule list -a' shows handles");
    auto chain = read_chain({words.begin(), keyword});
    if (!chain)
        return std::unexpected(std::move(chain).error());
    const auto handle = read_handle(*(keyword + 1));
    if (!handle)
        return std::unexpected(handle.error());
    return OldRule{std::move(*chain), *handle, {keyword + 2, words.end()}};
}

std::string join(Words words) {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string_view mark = is_text(words, i) && !words[i].starts_with('"') ? "\"" : "";
        out += fmt::format("{}{}{}{}", i > 0 ? " " : "", mark, words[i], mark);
    }
    return out;
}

std::optional<ruleset::ChainName> chain_of(const ruleset::Ruleset& ruleset, Handle handle) {
    for (const ruleset::Table& table : ruleset.tables)
        for (const ruleset::Chain& chain : table.chains)
            if (std::ranges::find(chain.rules, handle, &ruleset::Rule::handle) != chain.rules.end())
                return ruleset::ChainName{table.name, chain.name};
    return std::nullopt;
}

}  // namespace xdpctl::cli
