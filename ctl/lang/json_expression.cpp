// SPDX-License-Identifier: BSD-2-Clause
#include "lang/json_expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/suggest.h"
#include "lang/unsupported.h"
#include "ruleset/check.h"
#include "ruleset/field.h"

namespace xdpctl::lang {
namespace {

using nlohmann::json;

constexpr std::string_view verdict_words[] = {"accept", "drop", "continue", "return", "jump", "goto"};
constexpr std::string_view expression_words[] = {"payload", "meta", "exthdr", "concat", "set", "prefix", "range",
                                                 "elem",    "&",    "|",      "^",      "<<",  ">>"};
constexpr std::string_view extension_headers[] = {"hbh", "rt", "frag", "dst", "mh", "srh"};

bool is_any_of(std::string_view word, std::span<const std::string_view> words) {
    return std::ranges::find(words, word) != words.end();
}

bool is_protocol(std::string_view word) {
    return word != "meta" && word != "@" &&
           std::ranges::find(ruleset::fields(), word, &ruleset::FieldInfo::protocol) != ruleset::fields().end();
}

class ExpressionWriter {
public:
    explicit ExpressionWriter(JsonWriter& out) : out_(out) {}

    bool write(const json& node) {
        if (node.is_array())
            return join(node, ",");
        if (!node.is_object())
            return immediate(node);
        if (!has_one_key(node))
            return out_.expected(node, "an object with one key");
        const auto [word, value] = only_member(node);
        if (word == "payload")
            return payload(value);
        if (word == "meta")
            return meta(value);
        if (word == "exthdr")
            return exthdr(value);
        if (word == "concat")
            return value.is_array() && !value.empty() ? join(value, ".") : out_.expected(value, "an array of parts");
        if (word == "set")
            return set(value);
        if (word == "prefix")
            return prefix(value);
        if (word == "range")
            return range(value);
        if (word == "elem")
            return element(value);
        if (word == "&" || word == "|" || word == "^" || word == "<<" || word == ">>")
            return binary(word, value);
        return refuse_word(out_, node, word, "expression", expression_words);
    }

    bool elements(const json& all) {
        if (!all.is_array())
            return write(all);
        bool is_first = true;
        for (const json& one : all) {
            if (!std::exchange(is_first, false))
                out_.put(all, ",");
            const bool is_good = is_pair(one) ? write(one[0]) && outcome(one[1]) : write(one);
            if (!is_good)
                return false;
        }
        return true;
    }

private:
    static bool is_pair(const json& node) {
        return node.is_array() && node.size() == 2 && has_one_key(node[1]) && is_verdict(only_member(node[1]).key);
    }

    bool outcome(const json& verdict) {
        out_.put(verdict, ":");
        const auto [word, value] = only_member(verdict);
        return write_verdict(out_, word, value);
    }

    bool immediate(const json& node) {
        if (node.is_boolean()) {
            out_.put(node, node.get<bool>() ? "1" : "0");
            return true;
        }
        if (!node.is_string())
            return out_.put_number(node, "a value");
        const auto& text = node.get_ref<const std::string&>();
        if (!text.starts_with('@'))
            return out_.put_quoted(node, "a value");
        if (ruleset::name_fault(text.substr(1)))
            return out_.fault(node, fmt::format("'{}' is no set's name", text.substr(0, 64)));
        out_.put(node, text);
        return true;
    }

    bool join(const json& parts, std::string_view separator) {
        if (parts.empty())
            return out_.expected(parts, "values in the array");
        for (const json& part : parts) {
            if (&part != &parts.front())
                out_.put(parts, separator);
            if (!write(part))
                return false;
        }
        return true;
    }

    bool payload(const json& node) {
        if (node.contains("base"))
            return raw_payload(node);
        const json* protocol = out_.need(node, "protocol");
        const json* field = protocol == nullptr ? nullptr : out_.need(node, "field");
        if (field == nullptr || !out_.only(node, {"protocol", "field"}, "a payload"))
            return false;
        if (!protocol->is_string())
            return out_.expected(*protocol, "a protocol");
        const auto& name = protocol->get_ref<const std::string&>();
        if (!is_protocol(name))
            return refuse_word(out_, *protocol, name, "protocol", protocols());
        out_.put(*protocol, name);
        return words(*field);
    }

    // "dport", "saddr ip"
    bool words(const json& field) {
        if (!field.is_string())
            return out_.expected(field, "a field");
        std::string_view rest = field.get_ref<const std::string&>();
        const std::string_view first = rest.substr(0, rest.find(' '));
        rest.remove_prefix(std::min(first.size() + 1, rest.size()));
        if (!is_word(first) || (!rest.empty() && !is_word(rest)))
            return out_.fault(field, "this is no field");
        out_.put(field, first);
        if (!rest.empty())
            out_.put(field, rest);
        return true;
    }

    bool raw_payload(const json& node) {
        const json& base = node["base"];
        const json* offset = out_.need(node, "offset");
        const json* length = offset == nullptr ? nullptr : out_.need(node, "len");
        if (length == nullptr || !out_.only(node, {"base", "offset", "len"}, "a payload"))
            return false;
        out_.put(node, "@");
        if (!out_.put_word(base, "ll, nh or th"))
            return false;
        out_.put(node, ",");
        if (!out_.put_number(*offset, "a number of bits"))
            return false;
        out_.put(node, ",");
        return out_.put_number(*length, "a number of bits");
    }

    bool meta(const json& node) {
        const json* key = out_.need(node, "key");
        if (key == nullptr || !out_.only(node, {"key"}, "meta"))
            return false;
        out_.put(node, "meta");
        return out_.put_word(*key, "a key of meta");
    }

    bool exthdr(const json& node) {
        const json* name = out_.need(node, "name");
        if (name == nullptr || !out_.only(node, {"name", "field", "offset"}, "an extension header"))
            return false;
        if (!name->is_string() || !is_any_of(name->get_ref<const std::string&>(), extension_headers))
            return out_.fault(*name, "this is no extension header",
                              fmt::format("known: {}", fmt::join(extension_headers, ", ")));
        const auto& word = name->get_ref<const std::string&>();
        const auto field = node.find("field");
        if (field == node.end()) {
            out_.put(node, "exthdr");
            out_.put(*name, word);
            return true;
        }
        if (word != "frag")
            return refuse_word(out_, *name, word, "extension header", extension_headers);
        out_.put(*name, word);
        return out_.put_word(*field, "a field of the header");
    }

    bool set(const json& members) {
        out_.put(members, "{");
        if (!elements(members))
            return false;
        out_.put(members, "}");
        return true;
    }

    bool prefix(const json& node) {
        const json* address = out_.need(node, "addr");
        const json* length = address == nullptr ? nullptr : out_.need(node, "len");
        if (length == nullptr || !out_.only(node, {"addr", "len"}, "a prefix"))
            return false;
        if (!out_.put_quoted(*address, "an address"))
            return false;
        out_.put(node, "/");
        return out_.put_number(*length, "a prefix length");
    }

    bool range(const json& ends) {
        if (!ends.is_array() || ends.size() != 2)
            return out_.expected(ends, "an array of the first and the last value");
        return join(ends, "-");
    }

    bool element(const json& node) {
        const json* value = out_.need(node, "val");
        if (value == nullptr || !out_.only(node, {"val", "timeout", "expires", "comment", "counter"}, "an element"))
            return false;
        if (!write(*value))
            return false;
        if (node.contains("counter") && !write_counter(out_, node["counter"]))
            return false;
        for (const std::string_view key : {"timeout", "expires"}) {
            if (!node.contains(key))
                continue;
            const json& seconds = node[key];
            if (!seconds.is_number_unsigned())
                return out_.expected(seconds, "a number of seconds");
            out_.put(seconds, fmt::format("{} {}s", key, seconds.get<std::uint64_t>()));
        }
        if (!node.contains("comment"))
            return true;
        out_.put(node, "comment");
        return out_.put_quoted(node["comment"], "a comment");
    }

    bool binary(std::string_view sign, const json& operands) {
        if (!operands.is_array() || operands.size() < 2)
            return out_.expected(operands, "an array of two operands");
        for (const json& operand : operands) {
            const bool is_first = &operand == &operands.front();
            if (!is_first)
                out_.put(operands, sign);
            if (!(is_first ? write(operand) : second_operand(operand)))
                return false;
        }
        return true;
    }

    // Flags of a mask stand in parentheses.
    bool second_operand(const json& operand) {
        const bool is_list = operand.is_array();
        if (!is_list && !operand.is_object())
            return write(operand);
        out_.put(operand, "(");
        if (!(is_list ? join(operand, "|") : write(operand)))
            return false;
        out_.put(operand, ")");
        return true;
    }

    static std::vector<std::string_view> protocols() {
        std::vector<std::string_view> all;
        for (const ruleset::FieldInfo& field : ruleset::fields())
            if (is_protocol(field.protocol) && (all.empty() || all.back() != field.protocol))
                all.push_back(field.protocol);
        return all;
    }

    JsonWriter& out_;
};

}  // namespace

bool write_expression(JsonWriter& out, const json& expression) {
    return ExpressionWriter(out).write(expression);
}

bool write_elements(JsonWriter& out, const json& elements) {
    return ExpressionWriter(out).elements(elements);
}

bool write_verdict(JsonWriter& out, std::string_view word, const json& value) {
    out.put(value, word);
    if (word != "jump" && word != "goto")
        return value.is_null() || out.expected(value, "null");
    const json* target = out.need(value, "target");
    return target != nullptr && out.only(value, {"target"}, fmt::format("'{}'", word)) &&
           out.put_word(*target, "a chain's name");
}

bool write_counter(JsonWriter& out, const json& value) {
    out.put(value, "counter");
    if (value.is_null())
        return true;
    if (value.is_string())
        return out.fault(value, "named counters are not supported yet", "write: {\"counter\": null}");
    if (!out.only(value, {"packets", "bytes"}, "a counter"))
        return false;
    for (const std::string_view key : {"packets", "bytes"}) {
        if (!value.contains(key))
            continue;
        out.put(value, key);
        if (!out.put_number(value[key], "a count"))
            return false;
    }
    return true;
}

bool is_verdict(std::string_view word) {
    return is_any_of(word, verdict_words);
}

bool refuse_word(JsonWriter& out, const json& at, std::string_view word, std::string_view what,
                 std::span<const std::string_view> known) {
    // What is two words in text is one here: "ct helper", "tcp option".
    const Unsupported* missing = unsupported_statement(word.substr(0, word.find(' ')));
    const bool is_known = missing != nullptr || word == "mangle" || word.ends_with(" option") || word == "sctp chunk";
    if (is_known)
        return out.fault(at, fmt::format("'{}' is not supported yet", word.substr(0, 64)),
                         missing != nullptr ? std::string(missing->way_out)
                                            : "leave it out here; nft can run such a rule beside xdpctl");
    std::string near = did_you_mean(word, known);
    return out.fault(at, fmt::format("unknown {} '{}'", what, word.substr(0, 64)),
                     near.empty() ? fmt::format("known: {}", fmt::join(known, ", ")) : std::move(near));
}

}  // namespace xdpctl::lang
