// SPDX-License-Identifier: BSD-2-Clause
#include "lang/print.h"

#include <fmt/format.h>

#include <cstdlib>
#include <iterator>

#include "lang/format_match.h"
#include "lang/limit.h"
#include "lang/log.h"
#include "lang/print_set.h"
#include "ruleset/check.h"

namespace xdpctl::lang {
namespace {

using ruleset::Chain;
using ruleset::Counter;
using ruleset::Match;
using ruleset::Rule;
using ruleset::Ruleset;
using ruleset::Statement;
using ruleset::Table;
using ruleset::Verdict;

// nft names priorities that are that near to the named one.
constexpr std::int32_t named_priority_distance = 10;

std::string_view verdict_word(Verdict verdict) {
    return verdict == Verdict::Accept ? "accept" : "drop";
}

class Printer {
public:
    explicit Printer(const PrintOptions& options) : options_(options) {}

    void print(const Ruleset& ruleset) {
        for (const Table& table : ruleset.tables)
            print(table);
    }

    void print(const Chain& chain) {
        append("\tchain {} {{", chain.name);
        print_handle(chain.handle);
        append("\n");
        if (!chain.comment.empty())
            append("\t\tcomment \"{}\"\n", chain.comment);
        if (chain.is_base)
            append("\t\ttype filter hook {}{} priority {}; policy {};\n", hook_name(chain.hook), devices(chain),
                   priority(chain.priority), verdict_word(chain.policy));
        for (const Rule& rule : chain.rules) {
            put("\t\t");
            print(rule);
            put("\n");
        }
        append("\t}}\n");
    }

    void print(const Rule& rule) {
        std::string_view separator;
        for (const Statement& statement : rule.statements) {
            put(std::exchange(separator, " "));
            print(statement, rule);
        }
        if (!rule.comment.empty())
            append(" comment \"{}\"", rule.comment);
        print_handle(rule.handle);
    }

    [[nodiscard]] std::string text() const { return fmt::to_string(out_); }

private:
    void print(const Table& table) {
        append("table netdev {} {{", table.name);
        print_handle(table.handle);
        append("\n");
        if (!table.comment.empty())
            append("\tcomment \"{}\"\n", table.comment);
        std::string_view separator;
        for (const ruleset::Set& set : table.sets) {
            append("{}\t{} {} {{", std::exchange(separator, "\n"), set.is_map ? "map" : "set", set.name);
            print_handle(set.handle);
            append("\n");
            print_set_body(out_, set, options_);
            append("\t}}\n");
        }
        for (const Chain& chain : table.chains) {
            append("{}", std::exchange(separator, "\n"));
            print(chain);
        }
        append("}}\n");
    }

    void print(const Statement& statement, const Rule& rule) {
        if (const auto* match = std::get_if<Match>(&statement))
            format_match(*match, out_);
        else if (const auto* counter = std::get_if<Counter>(&statement))
            print_counter(*counter, rule);
        else if (const auto* log = std::get_if<ruleset::Log>(&statement))
            put(format_log(*log));
        else if (const auto* limit = std::get_if<ruleset::Limit>(&statement))
            put(format_limit(*limit));
        else if (const auto* lookup = std::get_if<ruleset::Lookup>(&statement))
            print_lookup(*lookup);
        else if (const auto* map = std::get_if<ruleset::VerdictMap>(&statement))
            print_map(*map);
        else if (const auto* branch = std::get_if<ruleset::Branch>(&statement))
            put(format_outcome(*branch));
        else
            put(verdict_word(std::get<Verdict>(statement)));
    }

    void print_lookup(const ruleset::Lookup& lookup) {
        append("{} {}", format_fields(lookup.fields), lookup.relation == ruleset::Relation::NotEqual ? "!= " : "");
        print_looked_up(out_, lookup.set, lookup.fields, *lookup.elements);
    }

    void print_map(const ruleset::VerdictMap& map) {
        append("{} vmap ", format_fields(map.fields));
        print_looked_up(out_, map.map, map.fields, *map.elements);
    }

    void print_counter(const Counter& counter, const Rule& rule) {
        put("counter");
        if (options_.stateless)
            return;
        const Count count = options_.count ? options_.count(rule) : counter.start;
        put(" packets ");
        put(count.packets);
        put(" bytes ");
        put(count.bytes);
    }

    void print_handle(Handle handle) {
        if (!options_.handles)
            return;
        put(" # handle ");
        put(static_cast<std::uint64_t>(handle));
    }

    static std::string devices(const Chain& chain) {
        if (chain.devices.empty())
            return {};
        if (chain.devices.size() == 1)
            return fmt::format(" device \"{}\"", chain.devices.front());
        std::string names;
        for (const std::string& device : chain.devices) {
            const bool is_plain = !ruleset::name_fault(device);  // nft leaves out the quotation marks in this place
            names += names.empty() ? "" : ", ";
            names += is_plain ? device : fmt::format("\"{}\"", device);
        }
        return fmt::format(" devices = {{ {} }}", names);
    }

    static std::string priority(std::int32_t priority) {
        if (priority == 0)
            return "filter";
        if (priority > named_priority_distance || priority < -named_priority_distance)
            return fmt::format("{}", priority);
        return fmt::format("filter {} {}", priority < 0 ? '-' : '+', std::abs(priority));
    }

    // What every rule has, without a format to be read first.
    void put(std::string_view text) { out_.append(text); }
    void put(std::uint64_t number) {
        const fmt::format_int digits(number);
        put(std::string_view(digits.data(), digits.size()));
    }

    template <typename... Args>
    void append(fmt::format_string<Args...> format, Args&&... args) {
        fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
    }

    const PrintOptions& options_;
    fmt::memory_buffer out_;
};

template <typename Object>
std::string print(const Object& object, const PrintOptions& options) {
    Printer printer(options);
    printer.print(object);
    return printer.text();
}

}  // namespace

std::string print_ruleset(const Ruleset& ruleset, const PrintOptions& options) {
    return print(ruleset, options);
}

std::string print_chain(const Chain& chain, const PrintOptions& options) {
    return print(chain, options);
}

std::string print_rule(const Rule& rule, const PrintOptions& options) {
    return print(rule, options);
}

}  // namespace xdpctl::lang
