// SPDX-License-Identifier: BSD-2-Clause
// set add, delete, test, list, flush, load, swap: the elements of named sets.
//
// Where an element can be changed alone, it is: in the maps that the datapath reads. The rest takes the way of every
// change, a commit.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>

#include "cli/batch.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/rule_words.h"
#include "cli/text_file.h"
#include "compile/lookups.h"
#include "import/element_list.h"
#include "kernel/privilege.h"
#include "kernel/set_change.h"
#include "lang/parse.h"
#include "lang/print.h"
#include "ruleset/edit.h"

namespace xdpctl::cli {

namespace {

using kernel::LiveSet;
using ruleset::Elements;
using ruleset::SetName;

struct ChangedSet {
    SetName name;
    std::string_view verb;  // "added", "deleted"
    std::size_t changed = 0;
    std::size_t elements = 0;  // that were named
};

std::string text(const ChangedSet& set) {
    return set.changed == set.elements
               ? fmt::format("{} {}: {} {}\n", set.name.table, set.name.set, set.changed, set.verb)
               : fmt::format("{} {}: {} {}, {} unchanged\n", set.name.table, set.name.set, set.changed, set.verb,
                             set.elements - set.changed);
}

nlohmann::json json(const ChangedSet& set) {
    return {{"set",
             {{"table", set.name.table},
              {"name", set.name.set},
              {set.verb, set.changed},
              {"unchanged", set.elements - set.changed}}}};
}

struct Membership {
    SetName name;
    std::string element;
};

std::string text(const Membership& membership) {
    return fmt::format("{} is in {} {}\n", membership.element, membership.name.table, membership.name.set);
}

nlohmann::json json(const Membership& membership) {
    return {{"element", membership.element},
            {"table", membership.name.table},
            {"set", membership.name.set},
            {"held", true}};
}

struct Swapped {
    SetName first, second;
};

std::string text(const Swapped& swapped) {
    return fmt::format("{} {} and {} swapped\n", swapped.first.table, swapped.first.set, swapped.second.set);
}

nlohmann::json json(const Swapped& swapped) {
    return {{"swapped", {{"table", swapped.first.table}, {"sets", {swapped.first.set, swapped.second.set}}}}};
}

struct ListedSet {
    ruleset::Ruleset only;  // the table with the set and nothing else
    lang::PrintOptions options;
};

std::string text(const ListedSet& set) {
    return lang::print_ruleset(set.only, set.options);
}

nlohmann::json json(const ListedSet& set) {
    return lang::ruleset_json(set.only, set.options);
}

std::string text_of(const SetName& name) {
    return fmt::format("{} {}", name.table, name.set);
}

struct NamedSet {
    SetName name;
    Words rest;
};

// [netdev] [TABLE] SET ...: a table is named when the next word is one of its sets.
Result<NamedSet> read_set(Words words, const ruleset::Ruleset& ruleset) {
    if (!words.empty() && words.front() == "netdev")
        words = words.subspan(1);
    if (words.empty())
        return fail(ErrorKind::Usage, "the name of a set is missing", {}, "write: xdpctl set VERB [TABLE] SET ...");
    if (words.size() > 1) {
        const ruleset::Table* table = ruleset.find_table(words[0]);
        if (table != nullptr && table->find_set(words[1]) != nullptr)
            return NamedSet{{words[0], words[1]}, words.subspan(2)};
    }
    std::vector<SetName> found;
    for (const ruleset::Table& table : ruleset.tables)
        if (table.find_set(words[0]) != nullptr)
            found.push_back({table.name, words[0]});
    const auto in_default = std::ranges::find(found, ruleset::default_table, &SetName::table);
    if (in_default != found.end())
        return NamedSet{*in_default, words.subspan(1)};
    if (found.size() == 1)
        return NamedSet{found.front(), words.subspan(1)};
    if (found.empty())
        return fail(ErrorKind::NotFound, fmt::format("there is no set {}", words[0]), {}, "see: xdpctl list ruleset");
    return fail(ErrorKind::Usage, fmt::format("several tables have a set {}", words[0]), {},
                "put the table in front of it");
}

const ruleset::Set& find(const ruleset::Ruleset& ruleset, const SetName& name) {
    return *ruleset.find_table(name.table)->find_set(name.set);
}

Result<Elements> read_elements(Words words, const ruleset::Set& set) {
    if (words.empty())
        return fail(ErrorKind::Usage, "elements are missing", {}, "write: xdpctl set VERB SET ELEMENT, ELEMENT ...");
    std::string elements = join(words);
    if (!elements.starts_with('{'))
        elements = "{ " + elements + " }";
    return lang::parse_set_elements(elements, command_line_source, set);
}

using Key = std::vector<ruleset::Interval>;

Key key_of(const Elements& elements, std::size_t element) {
    Key key;
    for (std::size_t part = 0; part < elements.parts(); ++part)
        key.push_back(elements.interval(element, part));
    return key;
}

ruleset::ElementsBuilder builder_for(const ruleset::Set& set) {
    unsigned bits = 1;
    for (const ruleset::KeyPart& part : set.key)
        bits = part.bits == 0 || bits == 0 ? 0 : std::max(bits, part.bits);
    return {set.key.size(), bits};
}

Result<Elements> finish(ruleset::ElementsBuilder builder, const ruleset::Set& set) {
    auto elements = std::move(builder).finish(set.merges ? ruleset::ElementsBuilder::Overlap::Merge
                                                         : ruleset::ElementsBuilder::Overlap::Refuse);
    if (!elements)
        return fail(ErrorKind::Input, fmt::format("cannot change set {}", set.name), "elements overlap",
                    "delete the one that is there first, or declare the set with auto-merge");
    return *std::move(elements);
}

void copy_element(ruleset::ElementsBuilder& builder, const Elements& from, std::size_t element) {
    builder.add(key_of(from, element));
    if (const ruleset::ElementNote* note = from.note(element))
        builder.note(*note);
}

Result<Elements> with(const ruleset::Set& set, const Elements& added) {
    ruleset::ElementsBuilder builder = builder_for(set);
    for (std::size_t i = 0; i < set.elements->size(); ++i)
        copy_element(builder, *set.elements, i);
    for (std::size_t i = 0; i < added.size(); ++i)
        copy_element(builder, added, i);
    return finish(std::move(builder), set);
}

// Errors: NotFound when one is not there. Elements are sorted, so that the next one to delete is known.
Result<Elements> without(const ruleset::Set& set, const Elements& deleted) {
    std::size_t next = 0;
    ruleset::ElementsBuilder builder = builder_for(set);
    for (std::size_t i = 0; i < set.elements->size(); ++i) {
        if (next < deleted.size() && key_of(*set.elements, i) == key_of(deleted, next))
            ++next;
        else
            copy_element(builder, *set.elements, i);
    }
    if (next != deleted.size())
        return fail(ErrorKind::NotFound, fmt::format("cannot delete from set {}", set.name),
                    deleted.size() == 1 ? "it has no such element" : "it has no such element as one of these");
    return finish(std::move(builder), set);
}

using Edit = Result<Elements> (*)(const ruleset::Set& set, const Elements& elements);

// What one of add and delete is for each way of changing.
struct Change {
    std::string_view verb;
    bool adds;
    Result<LiveSet::Outcome> (*live)(LiveSet& set, const Key& key, const ruleset::ElementNote& note,
                                     LiveSet::Mode mode);
    Edit edit;
};

constexpr Change adding{"added", true,
                        [](LiveSet& set, const Key& key, const ruleset::ElementNote& note, LiveSet::Mode mode) {
                            return set.add(key, note, mode);
                        },
                        with};
constexpr Change deleting{
    "deleted", false,
    [](LiveSet& set, const Key& key, const ruleset::ElementNote&, LiveSet::Mode mode) { return set.remove(key, mode); },
    without};

// How many elements change; nothing when a commit has to change them.
Result<std::optional<std::size_t>> change_elements(LiveSet& live, const Change& change, const Elements& elements,
                                                   LiveSet::Mode mode) {
    if (change.adds && mode == LiveSet::Mode::Plan) {
        const auto room = live.room();
        if (!room)
            return std::unexpected(room.error());
        if (*room < elements.size())
            return std::nullopt;
    }
    std::size_t changed = 0;
    for (std::size_t i = 0; i < elements.size(); ++i) {
        const ruleset::ElementNote* note = elements.note(i);
        const auto outcome =
            change.live(live, key_of(elements, i), note != nullptr ? *note : ruleset::ElementNote{}, mode);
        if (!outcome)
            return std::unexpected(outcome.error());
        if (*outcome == LiveSet::Outcome::NeedsCommit)
            return std::nullopt;
        changed += *outcome == LiveSet::Outcome::Changed ? 1 : 0;
    }
    return changed;
}

struct NamedLiveSet {
    NamedSet named;
    const ruleset::Set& set;
    LiveSet* live;  // null: the elements are compiled into the rules
};

Result<NamedLiveSet> find_live(kernel::LiveSets& sets, Words words) {
    auto named = read_set(words, sets.ruleset());
    if (!named)
        return std::unexpected(std::move(named).error());
    const ruleset::Set& set = find(sets.ruleset(), named->name);
    const auto live = sets.find(set);
    if (!live)
        return std::unexpected(live.error());
    return NamedLiveSet{*std::move(named), set, *live};
}

// Elements one by one in the maps, once it is certain that all of them can be changed. False when a commit has to.
Result<bool> change_live(Session& session, kernel::LiveSets& writer, const Change& change, Words words) {
    const auto found = find_live(writer, words);
    if (!found)
        return std::unexpected(found.error());
    const auto& [named, set, live] = *found;
    if (live == nullptr)
        return false;
    const auto elements = read_elements(named.rest, set);
    if (!elements)
        return std::unexpected(elements.error());
    if (elements->size() > kernel::changes_max)
        return false;
    const auto planned = change_elements(*live, change, *elements, LiveSet::Mode::Plan);
    if (!planned)
        return std::unexpected(planned.error());
    if (!*planned)
        return false;
    const auto changed = change_elements(*live, change, *elements, LiveSet::Mode::Do);
    if (!changed)
        return std::unexpected(changed.error());
    session.output.confirm(ChangedSet{named.name, change.verb, changed->value_or(0), elements->size()});
    return true;
}

Result<bool> change_live(Session& session, const Change& change, Words words) {
    auto writer = kernel::LiveSets::open_for_writing(session.lock_timeout);
    if (!writer)
        return std::unexpected(writer.error());
    return *writer ? change_live(session, **writer, change, words) : false;
}

// In a batch small sets change with the ruleset that waits to be committed.
Result<bool> change_live(Session& session, Batch& batch, const Change& change, Words words) {
    if (const ruleset::Ruleset* pending = batch.pending()) {
        const auto named = read_set(words, *pending);
        if (!named)
            return std::unexpected(named.error());
        if (!compile::is_looked_up(find(*pending, named->name)))
            return false;
    }
    const auto writer = batch.elements();
    if (!writer)
        return std::unexpected(writer.error());
    return *writer != nullptr ? change_live(session, **writer, change, words) : false;
}

Status change(Session& session, const Change& change, Words words) {
    XDPCTL_TRY(kernel::require_privileges("change the running ruleset"));
    const auto done = session.batch != nullptr ? change_live(session, *session.batch, change, words)
                                               : change_live(session, change, words);
    if (!done)
        return std::unexpected(done.error());
    if (*done)
        return {};
    ChangedSet out{{}, change.verb, 0, 0};
    const auto state = change_ruleset(session, [&](ruleset::Ruleset& next) -> Status {
        const auto named = read_set(words, next);
        if (!named)
            return std::unexpected(named.error());
        const ruleset::Set& set = find(next, named->name);
        const auto elements = read_elements(named->rest, set);
        if (!elements)
            return std::unexpected(elements.error());
        auto edited = change.edit(set, *elements);
        if (!edited)
            return std::unexpected(std::move(edited).error());
        const std::size_t before = set.elements->size();
        const std::size_t changed = std::max(before, edited->size()) - std::min(before, edited->size());
        out = {named->name, change.verb, std::min(changed, elements->size()), elements->size()};
        return ruleset::replace_elements(next, named->name, *std::move(edited));
    });
    if (!state)
        return std::unexpected(state.error());
    session.output.confirm(out);
    return {};
}

Result<Key> read_key(Words words, const ruleset::Set& set) {
    const auto asked = read_elements(words, set);
    if (!asked)
        return std::unexpected(asked.error());
    if (asked->size() != 1)
        return fail(ErrorKind::Usage, "one element can be tested at a time");
    return key_of(*asked, 0);
}

bool holds(const Elements& elements, const Key& key) {
    const auto covers = [&](std::size_t element) {
        for (std::size_t part = 0; part < key.size(); ++part) {
            const ruleset::Interval held = elements.interval(element, part);
            if (held.first > key[part].first || held.last < key[part].last)
                return false;
        }
        return true;
    };
    for (std::size_t i = 0; i < elements.size(); ++i)
        if (covers(i))
            return true;
    return false;
}

Status tell(Session& session, const SetName& name, Words asked, bool is_held) {
    if (!is_held)
        return fail(ErrorKind::NotFound, fmt::format("set {} does not hold {}", text_of(name), join(asked)));
    session.output.show(Membership{name, join(asked)});
    return {};
}

// Asks the maps as a packet does. False when the elements have to be read.
Result<bool> test_live(Session& session, Words words, Status& answer) {
    auto sets = kernel::LiveSets::open_for_reading();
    if (!sets)
        return std::unexpected(sets.error());
    if (!*sets)
        return false;
    const auto found = find_live(**sets, words);
    if (!found)
        return std::unexpected(found.error());
    const auto& [named, set, live] = *found;
    if (live == nullptr)
        return false;
    const auto key = read_key(named.rest, set);
    if (!key)
        return std::unexpected(key.error());
    if (std::ranges::any_of(*key, [](const ruleset::Interval& part) { return part.first != part.last; }))
        return false;
    const auto is_held = live->holds(*key);
    if (!is_held)
        return std::unexpected(is_held.error());
    answer = tell(session, named.name, named.rest, *is_held);
    return true;
}

Status test(Session& session, Words words) {
    XDPCTL_TRY(kernel::require_privileges("read the running ruleset"));
    Status answer;
    const auto done = test_live(session, words, answer);
    if (!done)
        return std::unexpected(done.error());
    if (*done)
        return answer;
    const auto state = open_for_reading();
    if (!state)
        return std::unexpected(state.error());
    const auto named = read_set(words, state->ruleset());
    if (!named)
        return std::unexpected(named.error());
    const ruleset::Set& set = find(state->ruleset(), named->name);
    const auto key = read_key(named->rest, set);
    if (!key)
        return std::unexpected(key.error());
    return tell(session, named->name, named->rest, holds(*set.elements, *key));
}

Status list(Session& session, Words words) {
    const auto state = open_for_reading();
    if (!state)
        return std::unexpected(state.error());
    const auto named = read_set(words, state->ruleset());
    if (!named)
        return std::unexpected(named.error());
    ListedSet listed;
    ruleset::Table& table = listed.only.tables.emplace_back();
    table.name = named->name.table;
    table.sets.push_back(find(state->ruleset(), named->name));
    session.output.show(listed);
    return {};
}

Status flush(Session& session, Words words) {
    ChangedSet flushed{{}, "deleted", 0, 0};
    const auto state = change_ruleset(session, [&](ruleset::Ruleset& next) -> Status {
        const auto named = read_set(words, next);
        if (!named)
            return std::unexpected(named.error());
        flushed.name = named->name;
        flushed.elements = flushed.changed = find(next, named->name).elements->size();
        return ruleset::replace_elements(next, named->name, {});
    });
    if (!state)
        return std::unexpected(state.error());
    session.output.confirm(flushed);
    return {};
}

Status load(Session& session, Words words, const std::string& path) {
    const std::string source = path == "-" ? "<standard input>" : path;
    const auto content = read_text_file(path, source);
    if (!content)
        return std::unexpected(content.error());
    const std::string list = importing::elements_text(*content);
    ChangedSet loaded{{}, "loaded", 0, 0};
    const auto state = change_ruleset(session, [&](ruleset::Ruleset& next) -> Status {
        const auto named = read_set(words, next);
        if (!named)
            return std::unexpected(named.error());
        loaded.name = named->name;
        auto elements = lang::parse_set_elements(list, source, find(next, named->name));
        if (!elements)
            return std::unexpected(std::move(elements).error());
        loaded.elements = loaded.changed = elements->size();
        return ruleset::replace_elements(next, named->name, *std::move(elements));
    });
    if (!state)
        return std::unexpected(state.error());
    session.output.confirm(loaded);
    return {};
}

Status swap(Session& session, Words words) {
    Swapped swapped;
    const auto state = change_ruleset(session, [&](ruleset::Ruleset& next) -> Status {
        const auto first = read_set(words, next);
        if (!first)
            return std::unexpected(first.error());
        const ruleset::Table& table = *next.find_table(first->name.table);
        if (first->rest.size() != 1)
            return fail(ErrorKind::Usage, "two sets can be swapped", {}, "write: xdpctl set swap [TABLE] SET SET");
        if (table.find_set(first->rest[0]) == nullptr)
            return fail(ErrorKind::NotFound, fmt::format("table {} has no set {}", table.name, first->rest[0]));
        swapped = {first->name, {table.name, first->rest[0]}};
        Elements of_first = *find(next, swapped.first).elements;
        Elements of_second = *find(next, swapped.second).elements;
        if (find(next, swapped.first).key != find(next, swapped.second).key)
            return fail(ErrorKind::Input,
                        fmt::format("cannot swap sets {} and {}", swapped.first.set, swapped.second.set),
                        "their elements are of different types");
        XDPCTL_TRY(ruleset::replace_elements(next, swapped.first, std::move(of_second)));
        return ruleset::replace_elements(next, swapped.second, std::move(of_first));
    });
    if (!state)
        return std::unexpected(state.error());
    session.output.confirm(swapped);
    return {};
}

}  // namespace

Action declare_set_add(CLI::App& parser) {
    return declare_words(parser, "[TABLE] SET ELEMENT[, ELEMENT ...]",
                         [](Session& session, Words words) { return change(session, adding, words); });
}

Action declare_set_delete(CLI::App& parser) {
    return declare_words(parser, "[TABLE] SET ELEMENT[, ELEMENT ...]",
                         [](Session& session, Words words) { return change(session, deleting, words); });
}

Action declare_set_test(CLI::App& parser) {
    return declare_words(parser, "[TABLE] SET ELEMENT", test);
}

Action declare_set_list(CLI::App& parser) {
    return declare_words(parser, "[TABLE] SET", list);
}

Action declare_set_flush(CLI::App& parser) {
    return declare_words(parser, "[TABLE] SET", flush);
}

Action declare_set_load(CLI::App& parser) {
    struct Options {
        std::vector<std::string> words;
        std::string path;
    };
    const auto options = std::make_shared<Options>();
    parser.add_option("WORDS", options->words, "[TABLE] SET")->type_name("")->required();
    parser.add_option("-f,--file", options->path, "List of elements; - is standard input")
        ->type_name("FILE")
        ->required();
    return [options](Session& session) { return load(session, options->words, options->path); };
}

Action declare_set_swap(CLI::App& parser) {
    return declare_words(parser, "[TABLE] SET SET", swap);
}

}  // namespace xdpctl::cli
