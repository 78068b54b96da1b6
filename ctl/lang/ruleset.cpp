// SPDX-License-Identifier: BSD-2-Clause
#include "lang/ruleset.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/suggest.h"
#include "lang/define.h"
#include "lang/named_set.h"
#include "lang/unsupported.h"
#include "lang/value.h"
#include "ruleset/check.h"

namespace xdpctl::lang {
namespace {

using ruleset::Chain;
using ruleset::Hook;
using ruleset::Table;
using ruleset::Verdict;

constexpr std::string_view top_words[] = {"table", "flush", "define", "redefine", "undefine", "include"};
constexpr std::string_view table_words[] = {"chain", "set", "map", "comment"};
constexpr std::string_view hook_words[] = {"ingress", "egress"};
constexpr std::string_view policy_words[] = {"accept", "drop"};
constexpr std::string_view families[] = {"ip", "ip6", "inet", "arp", "bridge"};

constexpr std::string_view hook_example = "write: type filter hook ingress device \"eth0\" priority filter;";

template <typename Object>
Object& found_or_made(std::vector<Object>& objects, std::string_view name) {
    const auto found = std::ranges::find(objects, name, &Object::name);
    if (found != objects.end())
        return *found;
    objects.emplace_back().name = name;
    return objects.back();
}

}  // namespace

ruleset::Ruleset RulesetParser::parse() {
    while (!cursor_.at(TokenKind::End) && !cursor_.full()) {
        if (cursor_.take_if(TokenKind::Newline) || cursor_.take_if(TokenKind::Semicolon))
            continue;
        const std::size_t start = cursor_.mark();
        if (parse_top() && end_entry())
            continue;
        cursor_.skip_statement(start);
        cursor_.take_if(TokenKind::RightBrace);
    }
    return std::move(ruleset_);
}

std::optional<bool> RulesetParser::parse_common() {
    std::optional<bool> is_good;
    if (cursor_.at_word("include"))
        return includer_.parse();
    if (cursor_.at_word("define") || cursor_.at_word("redefine"))
        is_good = parse_definition(cursor_);
    else if (cursor_.at_word("undefine"))
        is_good = parse_undefine(cursor_);
    if (is_good.value_or(false) && cursor_.at(TokenKind::End))
        is_good = cursor_.expected("a newline or ';'");
    return is_good;
}

bool RulesetParser::parse_top() {
    if (const auto is_good = parse_common())
        return *is_good;
    if (cursor_.take_if_word("table"))
        return parse_table();
    if (cursor_.at_word("flush"))
        return parse_flush();
    const Token token = cursor_.peek();
    if (token.kind != TokenKind::Word)
        return cursor_.expected("'table'", "a file has blocks: table netdev NAME { ... }");
    const std::string_view word = cursor_.text(token);
    if (const Unsupported* known = unsupported_object(word))
        return cursor_.error(token, fmt::format("'{}' is not supported yet in a file", word),
                             std::string(known->way_out));
    std::string near = did_you_mean(word, top_words);
    return cursor_.error(token, fmt::format("expected 'table', found '{}'", word.substr(0, 64)),
                         near.empty() ? "a file has blocks: table netdev NAME { ... }" : std::move(near));
}

// A file states the whole ruleset, so flushing what was there before changes nothing.
bool RulesetParser::parse_flush() {
    const Token token = cursor_.take();
    if (!cursor_.take_if_word("ruleset"))
        return cursor_.expected("'ruleset'", "a file can start with: flush ruleset");
    cursor_.take_if_word("netdev");
    if (!ruleset_.tables.empty())
        return cursor_.error(token, "'flush ruleset' behind a table would remove it", "put it first");
    return true;
}

bool RulesetParser::parse_table() {
    if (!cursor_.take_if_word("netdev")) {
        const Token token = cursor_.peek();
        if (token.kind == TokenKind::Word && std::ranges::find(families, cursor_.text(token)) != std::end(families))
            return cursor_.error(token, fmt::format("the family '{}' is not supported yet", cursor_.text(token)),
                                 "write: table netdev NAME");
        return cursor_.expected("the family 'netdev'", "write: table netdev NAME { ... }");
    }
    std::string_view name;
    if (!parse_name("table", name))
        return false;
    if (ruleset_.tables.size() > ruleset::tables_max)
        return cursor_.error(cursor_.peek(), fmt::format("more than {} tables", ruleset::tables_max));
    Table& table = found_or_made(ruleset_.tables, name);
    if (table.position.line == 0)
        table.position = cursor_.position(cursor_.peek());
    if (cursor_.at_statement_end())
        return true;
    return parse_block(table.handle, [&] { return parse_table_entry(table); });
}

bool RulesetParser::parse_table_entry(Table& table) {
    if (const auto is_good = parse_common())
        return *is_good;
    if (cursor_.take_if_word("chain"))
        return parse_chain(table);
    if (cursor_.take_if_word("set"))
        return parse_set(table, SetKind::Set);
    if (cursor_.take_if_word("map"))
        return parse_set(table, SetKind::Map);
    if (cursor_.take_if_word("comment"))
        return parse_comment(table.comment, !table.comment.empty());
    const Token token = cursor_.peek();
    if (token.kind != TokenKind::Word)
        return cursor_.expected("'chain'", "a table has blocks: chain NAME { ... }");
    const std::string_view word = cursor_.text(token);
    if (const Unsupported* known = unsupported_object(word))
        return cursor_.error(token, fmt::format("'{}' in a table is not supported yet", word),
                             std::string(known->way_out));
    std::string near = did_you_mean(word, table_words);
    return cursor_.error(token, fmt::format("expected 'chain', found '{}'", word.substr(0, 64)),
                         near.empty() ? "a table has blocks: chain NAME { ... }" : std::move(near));
}

bool RulesetParser::parse_set(Table& table, SetKind kind) {
    const Token name_token = cursor_.peek();
    std::string_view name;
    if (!parse_name(kind == SetKind::Map ? "map" : "set", name))
        return false;
    if (table.sets.size() > ruleset::sets_max)
        return cursor_.error(name_token, fmt::format("more than {} sets in a table", ruleset::sets_max));
    if (table.find_set(name) != nullptr)
        return cursor_.error(name_token, fmt::format("set '{}' is there twice", name),
                             "write all its elements into one block");
    ruleset::Set& set = table.sets.emplace_back();
    set.name = name;
    set.is_map = kind == SetKind::Map;
    set.position = cursor_.position(name_token);
    SetParser parser(cursor_, set);
    return parse_block(set.handle, [&] { return parser.parse_entry(); }) && parser.finish(name_token);
}

bool RulesetParser::parse_chain(Table& table) {
    const Token name_token = cursor_.peek();
    std::string_view name;
    if (!parse_name("chain", name))
        return false;
    if (table.chains.size() > ruleset::chains_max)
        return cursor_.error(name_token, fmt::format("more than {} chains in a table", ruleset::chains_max));
    const bool is_new = std::ranges::find(table.chains, name, &Chain::name) == table.chains.end();
    Chain& chain = found_or_made(table.chains, name);
    if (is_new)
        chain.position = cursor_.position(name_token);
    ChainBlock block{.has_hook = !is_new && chain.is_base, .has_policy = false, .has_comment = false};
    if (!parse_block(chain.handle, [&] { return parse_chain_entry(chain, block); }))
        return false;
    chain.is_base = block.has_hook;
    if (block.has_policy && !chain.is_base)
        return cursor_.error(name_token, fmt::format("chain '{}' has a policy and no hook", name),
                             std::string(hook_example));
    return true;
}

bool RulesetParser::parse_chain_entry(Chain& chain, ChainBlock& block) {
    if (const auto is_good = parse_common())
        return *is_good;
    if (cursor_.at_word("type"))
        return parse_hook(chain, block);
    if (cursor_.at_word("policy"))
        return parse_policy(chain, block);
    if (cursor_.take_if_word("comment"))
        return parse_comment(chain.comment, std::exchange(block.has_comment, true));
    if (cursor_.at_word("flags"))
        return cursor_.error(cursor_.peek(), "'flags' of a chain is not supported yet", "leave it out");
    return parse_rule(chain);
}

bool RulesetParser::parse_hook(Chain& chain, ChainBlock& block) {
    const Token first = cursor_.take();
    const bool is_second = std::exchange(block.has_hook, true);
    if (cursor_.at_word("nat") || cursor_.at_word("route"))
        return cursor_.error(cursor_.peek(),
                             fmt::format("the family netdev has no chains of type {}", cursor_.text(cursor_.peek())),
                             std::string(hook_example));
    HookSpec spec;
    if (!cursor_.take_if_word("filter"))
        return cursor_.expected("'filter'", std::string(hook_example));
    if (!parse_hook_name(spec) || !parse_devices(spec) || !parse_priority(spec))
        return false;
    if (is_second && (spec.hook != chain.hook || spec.devices != chain.devices || spec.priority != chain.priority))
        return cursor_.error(first, fmt::format("chain '{}' already has another hook", chain.name),
                             "state the hook once");
    chain.hook = spec.hook;
    chain.devices = std::move(spec.devices);
    chain.priority = spec.priority;
    return true;
}

bool RulesetParser::parse_hook_name(HookSpec& spec) {
    if (!cursor_.take_if_word("hook"))
        return cursor_.expected("'hook'", std::string(hook_example));
    const Token token = cursor_.peek();
    if (cursor_.take_if_word("ingress") || cursor_.take_if_word("egress")) {
        spec.hook = cursor_.is_word(token, "ingress") ? Hook::Ingress : Hook::Egress;
        return true;
    }
    if (token.kind != TokenKind::Word)
        return cursor_.expected("'ingress' or 'egress'", std::string(hook_example));
    std::string near = did_you_mean(cursor_.text(token), hook_words);
    return cursor_.error(token, fmt::format("unknown hook '{}': netdev has ingress and egress", cursor_.text(token)),
                         std::move(near));
}

// `device "eth0"` or `devices = { eth0, eth1 }`. A chain whose devices were all detached has neither.
bool RulesetParser::parse_devices(HookSpec& spec) {
    if (cursor_.take_if_word("device"))
        return parse_device_name(spec);
    if (!cursor_.take_if_word("devices"))
        return true;
    if (!cursor_.take_if(TokenKind::Assign))
        return cursor_.expected("'='", "write: devices = { eth0, eth1 }");
    if (!cursor_.enter_variables())
        return false;
    if (!cursor_.take_if(TokenKind::LeftBrace))
        return cursor_.expected("'{'", "write: devices = { eth0, eth1 }");
    do {
        if (!parse_device_name(spec))
            return false;
    } while (cursor_.take_if(TokenKind::Comma) && !cursor_.at(TokenKind::RightBrace));
    return cursor_.take_if(TokenKind::RightBrace) || cursor_.expected("',' or '}'");
}

bool RulesetParser::parse_device_name(HookSpec& spec) {
    if (!cursor_.enter_variables())
        return false;
    const Token token = cursor_.peek();
    if (token.kind != TokenKind::Word && token.kind != TokenKind::Quoted)
        return cursor_.expected("a device's name", "write it like \"eth0\"");
    const std::string_view name = cursor_.unquoted(token);
    if (name.ends_with('*'))
        return cursor_.error(token, "wildcards for devices are not supported yet",
                             "name each: devices = { eth0, eth1 }");
    if (const auto fault = ruleset::device_fault(name))
        return cursor_.error(token, *fault);
    if (std::ranges::find(spec.devices, name) != spec.devices.end())
        return cursor_.error(token, fmt::format("device '{}' is there twice", name));
    cursor_.take();
    spec.devices.emplace_back(name);
    return true;
}

// `priority 5`, `priority -5`, `priority filter`, `priority filter + 5`
bool RulesetParser::parse_priority(HookSpec& spec) {
    constexpr std::string_view example = "write: priority filter, or priority filter - 5";
    if (!cursor_.take_if_word("priority"))
        return cursor_.expected("'priority'", std::string(hook_example));
    const bool is_variable = cursor_.at(TokenKind::Dollar);
    if (!cursor_.enter_variables())
        return false;
    const bool is_named = cursor_.take_if_word("filter");
    if (is_named && (is_variable || cursor_.at_statement_end()))
        return true;
    const bool is_negative = cursor_.at(TokenKind::Dash);
    if (is_negative || (is_named && cursor_.at(TokenKind::Plus)))
        cursor_.take();
    else if (is_named)
        return cursor_.expected("'+', '-' or the end of the statement", std::string(example));
    const Token token = cursor_.peek();
    if (token.kind != TokenKind::Number)
        return cursor_.expected("a priority", std::string(example));
    const auto number = parse_number(cursor_.text(token));
    if (!number || *number > std::numeric_limits<std::int32_t>::max())
        return cursor_.error(token, fmt::format("priority {} is out of range", cursor_.text(token)));
    cursor_.take();
    spec.priority = static_cast<std::int32_t>(*number) * (is_negative ? -1 : 1);
    return true;
}

bool RulesetParser::parse_policy(Chain& chain, ChainBlock& block) {
    const Token first = cursor_.take();
    const Token token = cursor_.peek();
    if (!cursor_.take_if_word("accept") && !cursor_.take_if_word("drop"))
        return cursor_.expected("'accept' or 'drop'",
                                token.kind == TokenKind::Word ? did_you_mean(cursor_.text(token), policy_words) : "");
    if (std::exchange(block.has_policy, true))
        return cursor_.error(first, token, "the policy is stated twice");
    chain.policy = cursor_.is_word(token, "accept") ? Verdict::Accept : Verdict::Drop;
    return true;
}

bool RulesetParser::parse_rule(Chain& chain) {
    ruleset::Rule& rule = chain.rules.emplace_back();
    if (rule_.parse(rule))
        return read_handle(rule.handle);
    chain.rules.pop_back();
    return false;
}

bool RulesetParser::parse_comment(std::string& comment, bool is_second) {
    const Token first = cursor_.peek();
    const auto text = parse_comment_text(cursor_);
    if (!text)
        return false;
    if (is_second)
        return cursor_.error(first, "the comment is stated twice");
    comment = *text;
    return true;
}

template <typename ParseEntry>
bool RulesetParser::parse_block(Handle& handle, ParseEntry parse_entry) {
    if (!cursor_.take_if(TokenKind::LeftBrace))
        return cursor_.expected("'{'", cursor_.at(TokenKind::Newline) ? "the brace stands on the same line" : "");
    if (!read_handle(handle))
        return false;
    cursor_.variables().open_scope();
    const bool is_good = parse_entries(parse_entry);
    cursor_.variables().close_scope();
    return is_good;
}

template <typename ParseEntry>
bool RulesetParser::parse_entries(ParseEntry parse_entry) {
    while (!cursor_.full()) {
        if (cursor_.take_if(TokenKind::Newline) || cursor_.take_if(TokenKind::Semicolon))
            continue;
        if (cursor_.take_if(TokenKind::RightBrace))
            return true;
        if (cursor_.at(TokenKind::End))
            return !std::exchange(has_reported_end_, true) && cursor_.expected("'}'", "close the block");
        const std::size_t start = cursor_.mark();
        if (!parse_entry() || !end_entry())
            cursor_.skip_statement(start);
    }
    return false;
}

// As in nft, a newline or semicolon stands behind every entry, the last one in a block included.
bool RulesetParser::end_entry() {
    cursor_.take_if(TokenKind::Handle);
    if (cursor_.at(TokenKind::Newline) || cursor_.at(TokenKind::Semicolon) || cursor_.at(TokenKind::End))
        return true;
    return cursor_.expected("a newline or ';'", cursor_.at(TokenKind::RightBrace) ? "write ';' in front of '}'" : "");
}

bool RulesetParser::parse_name(std::string_view kind, std::string_view& name) {
    const Token token = cursor_.peek();
    if (token.kind != TokenKind::Word)
        return cursor_.expected(fmt::format("the {}'s name", kind), "names are written without quotation marks");
    name = cursor_.text(token);
    if (const auto fault = ruleset::name_fault(name))
        return cursor_.error(token, *fault);
    cursor_.take();
    return true;
}

bool RulesetParser::read_handle(Handle& handle) {
    const Token token = cursor_.peek();
    if (token.kind != TokenKind::Handle)
        return true;
    const auto number = parse_number(cursor_.text(token));
    if (!number)
        return cursor_.error(token, "the handle does not fit into 64 bits");
    cursor_.take();
    handle = Handle{*number};
    ruleset_.last_handle = std::max(ruleset_.last_handle, handle);
    return true;
}

}  // namespace xdpctl::lang
