// SPDX-License-Identifier: BSD-2-Clause
#include "ruleset/edit.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "maps/counter.h"
#include "ruleset/check.h"
#include "ruleset/reach.h"

namespace xdpctl::ruleset {
namespace {

Handle next_handle(Ruleset& ruleset) {
    ruleset.last_handle = Handle{static_cast<std::uint64_t>(ruleset.last_handle) + 1};
    return ruleset.last_handle;
}

std::string text_of(const ChainName& name) {
    return fmt::format("{} {}", name.table, name.chain);
}

Chain* find(Ruleset& ruleset, const ChainName& name) {
    return const_cast<Chain*>(std::as_const(ruleset).find_chain(name.table, name.chain));
}

Result<Chain*> require(Ruleset& ruleset, const ChainName& name) {
    if (Chain* chain = find(ruleset, name))
        return chain;
    return fail(ErrorKind::NotFound, fmt::format("no chain {}", text_of(name)), {}, "`xdpctl list ruleset` shows them");
}

using RulePlace = std::vector<Rule>::iterator;

Result<RulePlace> require_rule(Chain& chain, const ChainName& name, Handle handle) {
    const auto found = std::ranges::find(chain.rules, handle, &Rule::handle);
    if (found != chain.rules.end())
        return found;
    return fail(ErrorKind::NotFound,
                fmt::format("no rule with handle {} in chain {}", static_cast<std::uint64_t>(handle), text_of(name)),
                {}, "`xdpctl list ruleset -a` shows the handles");
}

// The rule in front of which a new one goes.
Result<RulePlace> place(Chain& chain, const ChainName& name, const Position& position) {
    if (position.kind == Position::Kind::End)
        return chain.rules.end();
    if (position.kind == Position::Kind::Start)
        return chain.rules.begin();
    Result<RulePlace> at = require_rule(chain, name, position.handle);
    if (at && position.kind == Position::Kind::After)
        ++*at;
    return at;
}

Status refused(std::optional<Problem> found) {
    if (found)
        return fail(found->kind, std::move(found->what), {}, std::move(found->next));
    return {};
}

// Checks the rule, and the chain as it would be with the rule at that place.
Status check(const Ruleset& ruleset, const ChainName& name, const Rule& rule, const Chain& chain, std::size_t index,
             bool replaces) {
    const Table& table = *ruleset.find_table(name.table);
    if (chain.is_base)
        XDPCTL_TRY(refused(problem(rule, chain.hook, table)));
    if (chain.is_base && targets(rule, table).empty())
        return {};
    // Where packets of which hooks come to, and loops, depend on the other chains.
    Ruleset changed;
    changed.tables.push_back(table);
    std::vector<Rule>& rules = std::ranges::find(changed.tables[0].chains, name.chain, &Chain::name)->rules;
    if (replaces)
        rules[index] = rule;
    else
        rules.insert(rules.begin() + static_cast<std::ptrdiff_t>(index), rule);
    return validate(changed);
}

Status check_name(std::string_view kind, const std::string& name) {
    if (auto fault = name_fault(name))
        return fail(ErrorKind::Input, fmt::format("{} {}", kind, name), *std::move(fault));
    return {};
}

Table& table_made(Ruleset& ruleset, const std::string& name) {
    const auto found = std::ranges::find(ruleset.tables, name, &Table::name);
    if (found != ruleset.tables.end())
        return *found;
    Table& table = ruleset.tables.emplace_back();
    table.name = name;
    table.handle = next_handle(ruleset);
    return table;
}

std::string text_of(const SetName& name) {
    return fmt::format("{} {}", name.table, name.set);
}

Result<std::vector<Set>::iterator> require_set(Ruleset& ruleset, const SetName& name) {
    const auto table = std::ranges::find(ruleset.tables, name.table, &Table::name);
    if (table != ruleset.tables.end())
        if (const auto set = std::ranges::find(table->sets, name.set, &Set::name); set != table->sets.end())
            return set;
    return fail(ErrorKind::NotFound, fmt::format("no set {}", text_of(name)), {}, "`xdpctl list ruleset` shows them");
}

bool refers_to(const Rule& rule, std::string_view set) {
    return std::ranges::any_of(rule.statements, [&](const Statement& statement) {
        const auto* lookup = std::get_if<Lookup>(&statement);
        const auto* map = std::get_if<VerdictMap>(&statement);
        return (lookup != nullptr && lookup->set == set) || (map != nullptr && map->map == set);
    });
}

bool leads_to(std::span<const Outcome> outcomes, std::string_view chain) {
    return std::ranges::any_of(outcomes, [&](const Outcome& outcome) {
        const auto* branch = std::get_if<Branch>(&outcome);
        return branch != nullptr && branch->has_chain() && branch->chain == chain;
    });
}

bool leads_to(const Rule& rule, const Table& table, std::string_view chain) {
    const std::vector<std::string_view> names = targets(rule, table);
    return std::ranges::find(names, chain) != names.end();
}

// Jumps to a renamed chain.
void follow(SharedElements& elements, std::string_view old_name, const std::string& new_name) {
    if (!leads_to(elements->outcomes(), old_name))
        return;
    ElementsBuilder builder(*elements);
    builder.rename_chain(old_name, new_name);
    elements = SharedElements(*std::move(builder).finish(ElementsBuilder::Overlap::Keep));
}

void follow(Rule& rule, std::string_view old_name, const std::string& new_name) {
    for (std::size_t i = 0; i < rule.statements.size(); ++i) {
        Statement statement = rule.statements[i];
        if (auto* branch = std::get_if<Branch>(&statement); branch != nullptr && branch->chain == old_name)
            branch->chain = new_name;
        else if (auto* map = std::get_if<VerdictMap>(&statement))
            follow(map->elements, old_name, new_name);
        else
            continue;
        rule.statements.set(i, std::move(statement));
    }
}

}  // namespace

Status ensure_chain(Ruleset& ruleset, const ChainName& name, Hook hook) {
    if (const Chain* chain = find(ruleset, name)) {
        if (!chain->is_base)
            return fail(ErrorKind::Input, fmt::format("chain {} has no hook", text_of(name)),
                        "it is for jumps from other chains", "name another chain");
        if (chain->hook == hook)
            return {};
        return fail(ErrorKind::Input, fmt::format("chain {} has the hook {}", text_of(name), hook_name(chain->hook)),
                    {}, fmt::format("name another chain for {}", hook_name(hook)));
    }
    XDPCTL_TRY(check_name("table", name.table));
    XDPCTL_TRY(check_name("chain", name.chain));
    Table& table = table_made(ruleset, name.table);
    Chain& chain = table.chains.emplace_back();
    chain.name = name.chain;
    chain.hook = hook;
    chain.handle = next_handle(ruleset);
    return {};
}

Status add_device(Ruleset& ruleset, const ChainName& name, Hook hook, std::string_view device) {
    if (auto fault = device_fault(device))
        return fail(ErrorKind::Input, *std::move(fault));
    for (const Table& table : ruleset.tables)
        for (const Chain& chain : table.chains)
            if (chain.hook == hook && std::ranges::find(chain.devices, device) != chain.devices.end()) {
                if (table.name == name.table && chain.name == name.chain)
                    return {};
                return fail(ErrorKind::Input, fmt::format("{} already has a chain on hook {}", device, hook_name(hook)),
                            fmt::format("it is in chain {} {}", table.name, chain.name),
                            "detach it there first, or name that chain");
            }
    if (const Chain* chain = find(ruleset, name); chain != nullptr && chain->devices.size() >= XDPCTL_DEVICES_MAX)
        return fail(ErrorKind::Limit, fmt::format("chain {} has {} devices", text_of(name), chain->devices.size()),
                    "no more are possible", "name another chain");
    XDPCTL_TRY(ensure_chain(ruleset, name, hook));
    find(ruleset, name)->devices.emplace_back(device);
    return {};
}

Status remove_device(Ruleset& ruleset, Hook hook, std::string_view device) {
    bool removed = false;
    for (Table& table : ruleset.tables)
        for (Chain& chain : table.chains)
            if (chain.hook == hook && std::erase(chain.devices, device) != 0)
                removed = true;
    if (!removed)
        return fail(ErrorKind::NotFound, fmt::format("{} is in no chain of hook {}", device, hook_name(hook)));
    return {};
}

Result<Handle> add_rule(Ruleset& ruleset, const ChainName& name, Rule rule, Position position) {
    const Result<Chain*> chain = require(ruleset, name);
    XDPCTL_TRY(chain);
    const Result<RulePlace> at = place(**chain, name, position);
    XDPCTL_TRY(at);
    XDPCTL_TRY(check(ruleset, name, rule, **chain, static_cast<std::size_t>(*at - (*chain)->rules.begin()), false));
    rule.handle = next_handle(ruleset);
    return (*chain)->rules.insert(*at, std::move(rule))->handle;
}

Result<Handle> replace_rule(Ruleset& ruleset, const ChainName& name, Handle handle, Rule rule) {
    const Result<Chain*> chain = require(ruleset, name);
    XDPCTL_TRY(chain);
    const Result<RulePlace> at = require_rule(**chain, name, handle);
    XDPCTL_TRY(at);
    XDPCTL_TRY(check(ruleset, name, rule, **chain, static_cast<std::size_t>(*at - (*chain)->rules.begin()), true));
    rule.handle = next_handle(ruleset);
    **at = std::move(rule);
    return (*at)->handle;
}

Status delete_rule(Ruleset& ruleset, const ChainName& name, Handle handle) {
    const Result<Chain*> chain = require(ruleset, name);
    XDPCTL_TRY(chain);
    const Result<RulePlace> at = require_rule(**chain, name, handle);
    XDPCTL_TRY(at);
    (*chain)->rules.erase(*at);
    return {};
}

Status set_policy(Ruleset& ruleset, const ChainName& name, Verdict policy) {
    const Result<Chain*> chain = require(ruleset, name);
    XDPCTL_TRY(chain);
    if (!(*chain)->is_base)
        return fail(ErrorKind::Input, fmt::format("chain {} has no hook", text_of(name)), {},
                    "a chain with a hook has a policy");
    (*chain)->policy = policy;
    return {};
}

Status flush_chain(Ruleset& ruleset, const ChainName& name) {
    const Result<Chain*> chain = require(ruleset, name);
    XDPCTL_TRY(chain);
    (*chain)->rules.clear();
    return {};
}

Result<Handle> add_regular_chain(Ruleset& ruleset, const ChainName& name) {
    if (find(ruleset, name) != nullptr)
        return fail(ErrorKind::Input, fmt::format("chain {} is there already", text_of(name)));
    XDPCTL_TRY(check_name("table", name.table));
    XDPCTL_TRY(check_name("chain", name.chain));
    Chain chain;
    chain.name = name.chain;
    chain.is_base = false;
    Table& table = table_made(ruleset, name.table);
    if (table.chains.size() >= chains_max)
        return fail(ErrorKind::Limit, fmt::format("table {} has {} chains", name.table, table.chains.size()),
                    "no more are possible");
    chain.handle = next_handle(ruleset);
    return table.chains.emplace_back(std::move(chain)).handle;
}

Status delete_chain(Ruleset& ruleset, const ChainName& name) {
    const Result<Chain*> chain = require(ruleset, name);
    XDPCTL_TRY(chain);
    const std::string what = fmt::format("cannot delete chain {}", text_of(name));
    if (!(*chain)->devices.empty())
        return fail(ErrorKind::Busy, what, fmt::format("device {} is in it", (*chain)->devices.front()),
                    "detach it first");
    Table& table = *std::ranges::find(ruleset.tables, name.table, &Table::name);
    for (const Chain& other : table.chains)
        for (const Rule& rule : other.rules)
            if (&other != *chain && leads_to(rule, table, name.chain))
                return fail(ErrorKind::Busy, what,
                            fmt::format("rule with handle {} in chain {} leads to it",
                                        static_cast<std::uint64_t>(rule.handle), other.name),
                            "delete the rule first");
    for (const Set& map : table.sets)
        if (leads_to(map.elements->outcomes(), name.chain))
            return fail(ErrorKind::Busy, what, fmt::format("an element of map {} leads to it", map.name),
                        "take the element out first");
    table.chains.erase(table.chains.begin() + (*chain - table.chains.data()));
    return {};
}

Status rename_chain(Ruleset& ruleset, const ChainName& name, const std::string& new_name) {
    const Result<Chain*> chain = require(ruleset, name);
    XDPCTL_TRY(chain);
    XDPCTL_TRY(check_name("chain", new_name));
    if (find(ruleset, {name.table, new_name}) != nullptr)
        return fail(ErrorKind::Input, fmt::format("chain {} {} is there already", name.table, new_name));
    Table& table = *std::ranges::find(ruleset.tables, name.table, &Table::name);
    (*chain)->name = new_name;
    for (Chain& other : table.chains)
        for (Rule& rule : other.rules)
            follow(rule, name.chain, new_name);
    for (Set& map : table.sets)
        follow(map.elements, name.chain, new_name);
    return {};
}

Result<Handle> add_set(Ruleset& ruleset, const SetName& name, Set set) {
    set.name = name.set;
    XDPCTL_TRY(check_name("table", name.table));
    XDPCTL_TRY(refused(problem(set)));
    if (const Table* table = ruleset.find_table(name.table)) {
        if (table->find_set(name.set) != nullptr)
            return fail(ErrorKind::Input, fmt::format("set {} is there already", text_of(name)));
        if (table->sets.size() >= sets_max)
            return fail(ErrorKind::Limit, fmt::format("table {} has {} sets", name.table, table->sets.size()),
                        "no more are possible");
    }
    Table& table = table_made(ruleset, name.table);
    set.handle = next_handle(ruleset);
    return table.sets.emplace_back(std::move(set)).handle;
}

Status replace_elements(Ruleset& ruleset, const SetName& name, Elements elements) {
    const auto set = require_set(ruleset, name);
    XDPCTL_TRY(set);
    Set changed = **set;
    changed.elements = SharedElements(std::move(elements));
    XDPCTL_TRY(refused(problem(changed)));
    **set = std::move(changed);
    return {};
}

Status delete_set(Ruleset& ruleset, const SetName& name) {
    const auto set = require_set(ruleset, name);
    XDPCTL_TRY(set);
    Table& table = *std::ranges::find(ruleset.tables, name.table, &Table::name);
    for (const Chain& chain : table.chains)
        for (const Rule& rule : chain.rules)
            if (refers_to(rule, name.set))
                return fail(ErrorKind::Busy, fmt::format("cannot delete set {}", text_of(name)),
                            fmt::format("rule with handle {} in chain {} refers to it",
                                        static_cast<std::uint64_t>(rule.handle), chain.name),
                            "delete the rule first");
    table.sets.erase(*set);
    return {};
}

Status validate(const Ruleset& ruleset) {
    std::vector<Problem> found = problems(ruleset);
    if (found.empty())
        return {};
    return fail(found[0].kind, std::move(found[0].what), {}, std::move(found[0].next));
}

}  // namespace xdpctl::ruleset
