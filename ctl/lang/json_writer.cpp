// SPDX-License-Identifier: BSD-2-Clause
#include "lang/json_writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/suggest.h"

namespace xdpctl::lang {
namespace {

using nlohmann::json;

bool is_quotable(std::string_view text) {
    return std::ranges::none_of(text,
                                [](char c) { return c == '"' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

void JsonWriter::put(const json& from, std::string_view text) {
    origins_.push_back({.offset = static_cast<std::uint32_t>(text_.size()), .from = &from});
    text_ += text;
    if (!text.ends_with('\n'))
        text_ += ' ';
}

bool JsonWriter::put_word(const json& from, std::string_view what) {
    if (!from.is_string())
        return expected(from, what);
    const auto& word = from.get_ref<const std::string&>();
    if (!is_word(word))
        return fault(from, fmt::format("this is not {}", what), "names have letters, digits and _ - . /");
    put(from, word);
    return true;
}

bool JsonWriter::put_quoted(const json& from, std::string_view what) {
    if (!from.is_string())
        return expected(from, what);
    const auto& text = from.get_ref<const std::string&>();
    if (!is_quotable(text))
        return fault(from, fmt::format("this cannot be {}", what), "leave quotation marks and control characters out");
    put(from, fmt::format("\"{}\"", text));
    return true;
}

bool JsonWriter::put_number(const json& from, std::string_view what) {
    if (!from.is_number_unsigned())
        return expected(from, what, from.is_number() ? "numbers are whole and not negative" : "");
    put(from, fmt::format("{}", from.get<std::uint64_t>()));
    return true;
}

bool JsonWriter::fault(const json& at, std::string message, std::string hint) {
    if (!full())
        faults_.push_back({.at = &at, .message = std::move(message), .hint = std::move(hint)});
    return false;
}

bool JsonWriter::expected(const json& at, std::string_view what, std::string hint) {
    return fault(at, fmt::format("expected {}, found {}", what, noun_of(at)), std::move(hint));
}

const json* JsonWriter::need(const json& object, std::string_view key) {
    if (!object.is_object()) {
        expected(object, "an object");
        return nullptr;
    }
    const auto found = object.find(key);
    if (found != object.end())
        return &*found;
    fault(object, fmt::format("expected the key '{}'", key));
    return nullptr;
}

bool JsonWriter::only(const json& object, std::initializer_list<std::string_view> keys, std::string_view what) {
    if (!object.is_object())
        return expected(object, "an object");
    bool is_good = true;
    for (const auto& [key, value] : object.items())
        if (std::ranges::find(keys, key) == keys.end())
            is_good = fault(value, fmt::format("'{}' of {} is not supported", key.substr(0, 64), what),
                            did_you_mean(key, std::span(keys.begin(), keys.size())));
    return is_good;
}

const json* JsonWriter::origin(std::size_t offset) const {
    const auto next = std::ranges::upper_bound(origins_, offset, {}, &Origin::offset);
    return next == origins_.begin() ? nullptr : (next - 1)->from;
}

bool is_word(std::string_view text) {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    const auto is_inner = [&](char c) { return is_letter(c) || (c >= '-' && c <= '9'); };
    return !text.empty() && is_letter(text.front()) && std::ranges::all_of(text, is_inner);
}

bool has_one_key(const json& object) {
    return object.is_object() && object.size() == 1;
}

JsonMember only_member(const json& object) {
    const auto member = object.begin();
    return {member.key(), member.value()};
}

std::string_view noun_of(const json& value) {
    switch (value.type()) {
    case json::value_t::null:
        return "null";
    case json::value_t::object:
        return "an object";
    case json::value_t::array:
        return "an array";
    case json::value_t::string:
        return "a string";
    case json::value_t::boolean:
        return "true or false";
    default:
        return "a number";
    }
}

}  // namespace xdpctl::lang
