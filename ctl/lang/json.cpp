// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "lang/format_match.h"
#include "lang/limit.h"
#include "lang/log.h"
#include "lang/print.h"
#include "lang/value.h"
#include "ruleset/check.h"
#include "ruleset/ifname.h"

namespace xdpctl::lang {
namespace {

using nlohmann::json;
using ruleset::Chain;
using ruleset::Counter;
using ruleset::FieldInfo;
using ruleset::Interval;
using ruleset::Match;
using ruleset::Rule;
using ruleset::Ruleset;
using ruleset::Statement;
using ruleset::Table;
using ruleset::Value;
using ruleset::ValueType;
using ruleset::Verdict;

std::string_view verdict_word(Verdict verdict) {
    return verdict == Verdict::Accept ? "accept" : "drop";
}

bool is_address(ValueType type) {
    return type == ValueType::EtherAddr || type == ValueType::Ipv4Addr || type == ValueType::Ipv6Addr;
}

json value_json(const FieldInfo& field, Value value) {
    if (is_address(field.type))
        return format_plain(field.type, value);
    if (field.type == ValueType::Existence)
        return value != 0;
    if (field.type == ValueType::TcHandle || value > ~std::uint64_t{0})
        return format_value(field.type, value);
    if (value <= ~std::uint32_t{0})
        if (const auto symbol = ruleset::symbol(field.type, static_cast<std::uint32_t>(value)))
            return *symbol;
    return static_cast<std::uint64_t>(value);
}

json interval_json(const FieldInfo& field, const Interval& interval) {
    if (interval.first == interval.last)
        return value_json(field, interval.first);
    const bool is_ip = field.type == ValueType::Ipv4Addr || field.type == ValueType::Ipv6Addr;
    if (const auto length = is_ip ? prefix_length(interval, field.bits) : std::nullopt)
        return {{"prefix", {{"addr", format_plain(field.type, interval.first)}, {"len", *length}}}};
    // nft names what it can in ranges too, but not protocols.
    const auto end = [&](Value value) {
        return field.type == ValueType::InetProto ? json(static_cast<std::uint64_t>(value)) : value_json(field, value);
    };
    return {{"range", json::array({end(interval.first), end(interval.last)})}};
}

std::vector<std::string_view> flag_names(Value flags) {
    std::vector<std::string_view> names;
    for (std::uint32_t bit = 1; bit <= flags; bit <<= 1U)
        if ((flags & bit) != 0)
            names.push_back(*ruleset::symbol(ValueType::TcpFlag, bit));
    return names;
}

// "syn", or ["syn", "ack"]
json flag_list_json(Value flags) {
    const std::vector<std::string_view> names = flag_names(flags);
    if (names.empty())
        return 0;
    return names.size() == 1 ? json(names[0]) : json(names);
}

// "syn", or {"|": ["syn", "ack"]}; more flags nest to the left.
json flag_sum_json(Value flags) {
    const std::vector<std::string_view> names = flag_names(flags);
    if (names.empty())
        return 0;
    json sum = names[0];
    for (std::size_t i = 1; i < names.size(); ++i)
        sum = {{"|", json::array({std::move(sum), names[i]})}};
    return sum;
}

json values_json(const FieldInfo& field, const Match& match) {
    if (!match.is_set)
        return interval_json(field, match.values.front());
    json elements = json::array();
    for (const Interval& interval : match.values)
        elements.push_back(field.type == ValueType::TcpFlag && interval.first == interval.last
                               ? flag_sum_json(interval.first)
                               : interval_json(field, interval));
    return {{"set", std::move(elements)}};
}

json names_json(const Match& match) {
    if (!match.is_set)
        return match.names.front();
    return {{"set", match.names}};
}

json field_json(const FieldInfo& field) {
    if (field.protocol == "meta")
        return {{"meta", {{"key", field.name}}}};
    if (field.protocol == "exthdr")
        return {{"exthdr", {{"name", field.name}}}};
    if (field.protocol == "frag")
        return {{"exthdr", {{"name", field.protocol}, {"field", field.name}}}};
    return {{"payload", {{"protocol", field.protocol}, {"field", field.name}}}};
}

json field_json(const Match& match) {
    if (match.field != ruleset::Field::Raw)
        return field_json(ruleset::info(match.field));
    return {{"payload",
             {{"base", payload_base(match.payload)}, {"offset", match.payload.offset}, {"len", match.payload.length}}}};
}

json match_json(std::string_view op, json left, json right) {
    return {{"match", {{"op", op}, {"left", std::move(left)}, {"right", std::move(right)}}}};
}

json masked_json(json field, json mask) {
    return {{"&", json::array({std::move(field), std::move(mask)})}};
}

// The field with what bitwise operators do to it.
json operand_json(const FieldInfo& field, const Match& match) {
    json operand = field_json(match);
    if (!match.mask)
        return operand;
    const Value mask = *match.mask | match.ones;
    if (mask != value_max(field.bits))
        operand = masked_json(std::move(operand), value_json(field, mask));
    if (match.ones != 0)
        operand = {{"|", json::array({std::move(operand), value_json(field, match.ones)})}};
    return operand;
}

json statement_json(const Match& match) {
    const FieldInfo field = ruleset::field_of(match);
    const std::string_view sign = operator_sign(match.relation);
    switch (match_form(match)) {
    case MatchForm::FlagsAny:
        return match_json("in", field_json(match), flag_list_json(*match.mask));
    case MatchForm::FlagsNone:
        return match_json("!", field_json(match), flag_list_json(*match.mask));
    case MatchForm::FlagsUnder:
        return match_json(sign, masked_json(field_json(match), flag_list_json(*match.mask)),
                          flag_list_json(match.values.front().first));
    case MatchForm::FlagsMasked:
        return match_json(sign, masked_json(field_json(match), flag_sum_json(*match.mask)), values_json(field, match));
    case MatchForm::Plain:
    case MatchForm::Masked:
        break;
    }
    return match_json(sign, operand_json(field, match),
                      ruleset::is_interface(field.type) ? names_json(match) : values_json(field, match));
}

json outcome_json(const ruleset::Outcome& outcome) {
    using Kind = ruleset::Branch::Kind;
    if (const auto* verdict = std::get_if<Verdict>(&outcome))
        return {{verdict_word(*verdict), nullptr}};
    const auto& branch = std::get<ruleset::Branch>(outcome);
    switch (branch.kind) {
    case Kind::Jump:
        return {{"jump", {{"target", branch.chain}}}};
    case Kind::Goto:
        return {{"goto", {{"target", branch.chain}}}};
    case Kind::Return:
        return {{"return", nullptr}};
    case Kind::Continue:
        break;
    }
    return {{"continue", nullptr}};
}

json key_part_json(const FieldInfo& field, const Interval& interval) {
    if (field.type == ValueType::Ifname)
        return ruleset::ifname_pattern(interval);
    if (field.type == ValueType::TcpFlag && interval.first == interval.last)
        return flag_sum_json(interval.first);
    return interval_json(field, interval);
}

json key_json(std::span<const FieldInfo> fields, const ruleset::Elements& elements, std::size_t element) {
    if (fields.size() == 1)
        return key_part_json(fields.front(), elements.interval(element));
    json parts = json::array();
    for (std::size_t part = 0; part < fields.size(); ++part)
        parts.push_back(key_part_json(fields[part], elements.interval(element, part)));
    return {{"concat", std::move(parts)}};
}

// Whole seconds, as in nft.
void add_seconds(json& object, std::string_view key, std::chrono::milliseconds time) {
    if (const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count(); seconds != 0)
        object[key] = seconds;
}

json with_note(json key, const ruleset::ElementNote* note) {
    if (note == nullptr)
        return key;
    json object = {{"val", std::move(key)}};
    add_seconds(object, "timeout", note->timeout);
    add_seconds(object, "expires", note->expires);
    if (!note->comment.empty())
        object["comment"] = note->comment;
    if (note->counter)
        object["counter"] = {{"packets", note->counter->packets}, {"bytes", note->counter->bytes}};
    return {{"elem", std::move(object)}};
}

// With their outcomes when they have some.
json elements_json(std::span<const FieldInfo> fields, const ruleset::Elements& elements) {
    json all = json::array();
    for (std::size_t element = 0; element < elements.size(); ++element) {
        json key = with_note(key_json(fields, elements, element), elements.note(element));
        if (elements.outcomes().empty())
            all.push_back(std::move(key));
        else
            all.push_back(
                json::array({std::move(key), outcome_json(elements.outcomes()[elements.outcome_of(element)])}));
    }
    return all;
}

json looked_up_json(std::string_view name, std::span<const ruleset::Field> fields, const ruleset::Elements& elements) {
    if (!name.empty())
        return fmt::format("@{}", name);
    std::vector<FieldInfo> infos;
    for (const ruleset::Field field : fields)
        infos.push_back(ruleset::info(field));
    return {{"set", elements_json(infos, elements)}};
}

json fields_json(std::span<const ruleset::Field> fields) {
    if (fields.size() == 1)
        return field_json(ruleset::info(fields.front()));
    json all = json::array();
    for (const ruleset::Field field : fields)
        all.push_back(field_json(ruleset::info(field)));
    return {{"concat", std::move(all)}};
}

json statement_json(const Statement& statement, const Rule& rule, const PrintOptions& options) {
    if (const auto* match = std::get_if<Match>(&statement))
        return statement_json(*match);
    if (const auto* log = std::get_if<ruleset::Log>(&statement))
        return {{"log", log_json(*log)}};
    if (const auto* limit = std::get_if<ruleset::Limit>(&statement))
        return {{"limit", limit_json(*limit)}};
    if (const auto* lookup = std::get_if<ruleset::Lookup>(&statement))
        return match_json(operator_sign(lookup->relation), fields_json(lookup->fields),
                          looked_up_json(lookup->set, lookup->fields, *lookup->elements));
    if (const auto* map = std::get_if<ruleset::VerdictMap>(&statement))
        return {{"vmap",
                 {{"key", fields_json(map->fields)}, {"data", looked_up_json(map->map, map->fields, *map->elements)}}}};
    if (const auto* branch = std::get_if<ruleset::Branch>(&statement))
        return outcome_json(*branch);
    if (const auto* verdict = std::get_if<Verdict>(&statement))
        return {{verdict_word(*verdict), nullptr}};
    if (options.stateless)
        return {{"counter", nullptr}};
    const Count count = options.count ? options.count(rule) : std::get<Counter>(statement).start;
    return {{"counter", {{"packets", count.packets}, {"bytes", count.bytes}}}};
}

json table_json(const Table& table) {
    json object = {{"family", "netdev"}, {"name", table.name}, {"handle", static_cast<std::uint64_t>(table.handle)}};
    if (!table.comment.empty())
        object["comment"] = table.comment;
    return {{"table", std::move(object)}};
}

// A key by fields, as nft has it since 1.1.2; null when it is one by types.
json typeof_json(const ruleset::Set& set) {
    std::vector<ruleset::Field> fields;
    for (const ruleset::KeyPart& part : set.key)
        if (part.field)
            fields.push_back(*part.field);
    return fields.empty() ? json() : fields_json(fields);
}

// A field that has no type with a word can only be said as a field; nft 1.0.6 says "integer", which no nft reads.
json key_types_json(const ruleset::Set& set) {
    if (std::ranges::any_of(set.key, [](const auto& part) { return type_word(part) == "integer"; }))
        return {{"typeof", typeof_json(set)}};
    if (set.key.size() == 1)
        return type_word(set.key.front());
    json words = json::array();
    for (const ruleset::KeyPart& part : set.key)
        words.push_back(type_word(part));
    return words;
}

json set_json(const Table& table, const ruleset::Set& set) {
    json object = {{"family", "netdev"},
                   {"name", set.name},
                   {"table", table.name},
                   {"type", key_types_json(set)},
                   {"handle", static_cast<std::uint64_t>(set.handle)}};
    // nft 1.0.6 does not list it, and reads over it.
    if (json fields = typeof_json(set); !fields.is_null() && !object["type"].is_object())
        object["typeof"] = std::move(fields);
    json flags = json::array();
    const auto add_flag = [&](bool is_set, std::string_view word) {
        if (is_set)
            flags.push_back(word);
    };
    add_flag(set.is_constant, "constant");
    add_flag(set.is_interval, "interval");
    add_flag(set.has_timeouts || set.timeout.count() != 0, "timeout");
    add_flag(set.is_dynamic, "dynamic");
    if (!flags.empty())
        object["flags"] = std::move(flags);
    if (!set.comment.empty())
        object["comment"] = set.comment;
    if (set.size != 0 && !set.is_constant)
        object["size"] = set.size;
    add_seconds(object, "timeout", set.timeout);
    add_seconds(object, "gc-interval", set.gc_interval);
    if (set.merges)
        object["auto-merge"] = true;
    if (set.counts)
        object["stmt"] = json::array({{{"counter", nullptr}}});
    std::vector<FieldInfo> fields;
    for (const ruleset::KeyPart& part : set.key)
        fields.push_back(ruleset::value_info(part));
    if (!set.elements->empty())
        object["elem"] = elements_json(fields, *set.elements);
    if (set.is_map)
        object["map"] = "verdict";
    return {{set.is_map ? "map" : "set", std::move(object)}};
}

json chain_json(const Table& table, const Chain& chain) {
    json object = {{"family", "netdev"},
                   {"table", table.name},
                   {"name", chain.name},
                   {"handle", static_cast<std::uint64_t>(chain.handle)}};
    if (chain.is_base)
        object.update({{"type", "filter"},
                       {"hook", hook_name(chain.hook)},
                       {"prio", chain.priority},
                       {"policy", verdict_word(chain.policy)}});
    if (chain.devices.size() == 1)
        object["dev"] = chain.devices.front();
    else if (chain.is_base)
        object["dev"] = chain.devices;
    if (!chain.comment.empty())
        object["comment"] = chain.comment;
    return {{"chain", std::move(object)}};
}

json rule_json(const Table& table, const Chain& chain, const Rule& rule, const PrintOptions& options) {
    json statements = json::array();
    for (const Statement& statement : rule.statements)
        statements.push_back(statement_json(statement, rule, options));
    json object = {{"family", "netdev"},
                   {"table", table.name},
                   {"chain", chain.name},
                   {"handle", static_cast<std::uint64_t>(rule.handle)},
                   {"expr", std::move(statements)}};
    if (!rule.comment.empty())
        object["comment"] = rule.comment;
    return {{"rule", std::move(object)}};
}

}  // namespace

json ruleset_json(const Ruleset& ruleset, const PrintOptions& options) {
    json objects = json::array();
    objects.push_back({{"metainfo", {{"json_schema_version", 1}}}});
    for (const Table& table : ruleset.tables) {
        objects.push_back(table_json(table));
        for (const ruleset::Set& set : table.sets)
            objects.push_back(set_json(table, set));
        for (const Chain& chain : table.chains)
            objects.push_back(chain_json(table, chain));
        for (const Chain& chain : table.chains)
            for (const Rule& rule : chain.rules)
                objects.push_back(rule_json(table, chain, rule, options));
    }
    return {{"nftables", std::move(objects)}};
}

}  // namespace xdpctl::lang
