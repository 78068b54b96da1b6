// SPDX-License-Identifier: BSD-2-Clause
#include "lang/json_rule.h"

#include <algorithm>

#include "base/suggest.h"
#include "lang/json_expression.h"

namespace xdpctl::lang {
namespace {

using nlohmann::json;

constexpr std::string_view statement_words[] = {"match", "counter", "accept", "drop", "continue", "jump",
                                                "goto",  "return",  "vmap",   "log",  "limit"};
constexpr std::string_view operators[] = {"==", "!=", "<", ">", "<=", ">=", "in", "!"};

bool write_match(JsonWriter& out, const json& match) {
    const json* left = out.need(match, "left");
    const json* right = left == nullptr ? nullptr : out.need(match, "right");
    if (right == nullptr || !out.only(match, {"op", "left", "right"}, "a match"))
        return false;
    if (!write_expression(out, *left))
        return false;
    if (const auto op = match.find("op"); op != match.end()) {
        if (!op->is_string() || std::ranges::find(operators, op->get_ref<const std::string&>()) == std::end(operators))
            return out.fault(*op, "this is no operator", "known: ==, !=, <, >, <=, >=, in, !");
        // Flags alone are "any of" to nft, as is a value without an operator.
        if (*op != "in")
            out.put(*op, op->get_ref<const std::string&>());
    }
    return write_expression(out, *right);
}

bool write_map(JsonWriter& out, const json& map) {
    const json* key = out.need(map, "key");
    const json* data = key == nullptr ? nullptr : out.need(map, "data");
    if (data == nullptr || !out.only(map, {"key", "data"}, "a verdict map") || !write_expression(out, *key))
        return false;
    out.put(map, "vmap");
    return write_expression(out, *data);
}

bool write_log(JsonWriter& out, const json& log) {
    out.put(log, "log");
    if (log.is_null())
        return true;
    if (!log.is_object())
        return out.expected(log, "null or an object");
    for (const auto& [key, value] : log.items()) {
        if (key == "prefix") {
            out.put(value, key);
            if (!out.put_quoted(value, "a prefix"))
                return false;
        } else if (key == "group" || key == "snaplen") {
            out.put(value, key);
            if (!out.put_number(value, "a number"))
                return false;
        } else if (key == "level") {
            out.put(value, key);
            if (!out.put_word(value, "a level"))
                return false;
        } else {
            constexpr std::string_view options[] = {"prefix", "group", "snaplen", "level"};
            return out.fault(value, "'" + key.substr(0, 64) + "' of log is not supported", did_you_mean(key, options));
        }
    }
    return true;
}

// With the unit that the limit says it in, if it says one.
bool write_amount(JsonWriter& out, const json& limit, const char* amount, const char* unit) {
    if (!out.put_number(*limit.find(amount), "a number"))
        return false;
    const auto word = limit.find(unit);
    return word == limit.end() || out.put_word(*word, "packets, bytes, kbytes or mbytes");
}

bool write_limit(JsonWriter& out, const json& limit) {
    const json* rate = out.need(limit, "rate");
    const json* per = rate == nullptr ? nullptr : out.need(limit, "per");
    if (per == nullptr || !out.only(limit, {"rate", "burst", "per", "inv", "rate_unit", "burst_unit"}, "a limit"))
        return false;
    out.put(limit, "limit");
    out.put(limit, "rate");
    if (const auto inv = limit.find("inv"); inv != limit.end()) {
        if (!inv->is_boolean())
            return out.expected(*inv, "true or false");
        if (*inv == true)
            out.put(*inv, "over");
    }
    const auto unit = limit.find("rate_unit");
    const bool of_packets = unit == limit.end() || *unit == "packets";
    if (of_packets ? !out.put_number(*rate, "a number") : !write_amount(out, limit, "rate", "rate_unit"))
        return false;
    out.put(*per, "/");
    if (!out.put_word(*per, "second, minute, hour, day or week"))
        return false;
    // As nft does: 0 is what is there when nothing is said.
    const auto burst = limit.find("burst");
    if (burst == limit.end() || *burst == 0)
        return true;
    out.put(*burst, "burst");
    if (!write_amount(out, limit, "burst", "burst_unit"))
        return false;
    if (!limit.contains("burst_unit"))
        out.put(*burst, of_packets ? "packets" : "bytes");
    return true;
}

}  // namespace

bool write_statement(JsonWriter& out, const json& statement) {
    if (!has_one_key(statement))
        return out.expected(statement, "an object with one key: a statement");
    const auto [word, value] = only_member(statement);
    if (is_verdict(word))
        return write_verdict(out, word, value);
    if (word == "match")
        return write_match(out, value);
    if (word == "counter")
        return write_counter(out, value);
    if (word == "vmap")
        return write_map(out, value);
    if (word == "log")
        return write_log(out, value);
    if (word == "limit")
        return write_limit(out, value);
    return refuse_word(out, statement, word, "statement", statement_words);
}

}  // namespace xdpctl::lang
