// SPDX-License-Identifier: BSD-2-Clause
#include "lang/named_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/suggest.h"
#include "lang/duration.h"
#include "lang/format_match.h"
#include "lang/match.h"
#include "lang/rule.h"
#include "lang/set.h"
#include "lang/value.h"
#include "ruleset/ifname.h"

namespace xdpctl::lang {
namespace {

using ruleset::ElementNote;
using ruleset::ElementsBuilder;
using ruleset::FieldInfo;
using ruleset::Interval;
using ruleset::KeyPart;
using ruleset::Set;
using ruleset::ValueType;

constexpr std::string_view entry_words[] = {"type",        "typeof",     "flags",   "size",    "timeout",
                                            "gc-interval", "auto-merge", "counter", "comment", "elements"};
constexpr std::string_view flag_words[] = {"constant", "dynamic", "interval", "timeout"};

std::vector<std::string_view> type_words() {
    std::vector<std::string_view> words;
    for (const ruleset::KeyType& type : ruleset::key_types())
        words.push_back(type.word);
    return words;
}

// Reads the elements of one set.
class ElementParser {
public:
    ElementParser(Cursor& cursor, std::span<const KeyPart> key, SetKind kind, ElementsBuilder& elements)
        : cursor_(cursor), elements_(elements), kind_(kind), parts_(key.size()) {
        for (const KeyPart& part : key)
            fields_.push_back(ruleset::value_info(part));
    }

    bool parse() {
        for (std::size_t part = 0; part < fields_.size(); ++part) {
            if (part > 0 && !cursor_.take_if(TokenKind::Dot))
                return cursor_.expected("'.' and the rest of the key");
            if (!parse_part(fields_[part], parts_[part]))
                return false;
        }
        elements_.add(parts_);
        if (cursor_.at(TokenKind::Comma) && kind_ == SetKind::Set)
            return true;
        return parse_note() && (kind_ == SetKind::Set || parse_element_outcome());
    }

private:
    bool parse_part(const FieldInfo& field, Interval& part) {
        if (field.type == ValueType::Ifname)
            return parse_ifname(part);
        if (!parse_interval(cursor_, field, part))
            return false;
        while (field.type == ValueType::TcpFlag && cursor_.take_if(TokenKind::Pipe)) {
            const auto flag = parse_value(cursor_, field);
            if (!flag)
                return false;
            part.first = part.last = part.first | *flag;
        }
        return true;
    }

    bool parse_ifname(Interval& part) {
        if (!cursor_.enter_variables())
            return false;
        const auto name = parse_interface_name(cursor_);
        if (name)
            part = ruleset::ifname_interval(*name);
        return name.has_value();
    }

    // As nft: the counter first, then times and comment in any order.
    bool parse_note() {
        ElementNote note;
        if (cursor_.at_word("counter") && !parse_element_counter(note))
            return false;
        while (cursor_.at(TokenKind::Word)) {
            const Token word = cursor_.peek();
            if (cursor_.at_word("timeout") || cursor_.at_word("expires")) {
                cursor_.take();
                const auto duration = parse_duration(cursor_);
                if (!duration)
                    return false;
                (cursor_.is_word(word, "timeout") ? note.timeout : note.expires) = *duration;
            } else if (cursor_.at_word("comment")) {
                cursor_.take();
                const auto text = parse_comment_text(cursor_);
                if (!text)
                    return false;
                note.comment = *text;
            } else {
                break;
            }
        }
        if (!note.empty())
            elements_.note(std::move(note));
        return true;
    }

    bool parse_element_outcome() {
        if (!cursor_.take_if(TokenKind::Colon))
            return cursor_.expected("':' and a verdict", "write: 22 : accept");
        bool failed = false;
        const auto outcome = parse_outcome(cursor_, failed);
        if (outcome)
            elements_.outcome(*outcome);
        return outcome.has_value() ||
               (!failed && cursor_.expected("accept, drop, continue, return, jump or goto", "write: 22 : accept"));
    }

    bool parse_element_counter(ElementNote& note) {
        cursor_.take();
        ruleset::Counter counter;
        if (!parse_counter_start(cursor_, counter))
            return false;
        note.counter = counter.start;
        return true;
    }

    Cursor& cursor_;
    ElementsBuilder& elements_;
    SetKind kind_;
    std::vector<FieldInfo> fields_;
    std::vector<Interval> parts_;
};

bool parse_in_braces(Cursor& cursor, std::span<const KeyPart> key, SetKind kind, ElementsBuilder& elements) {
    ElementParser parser(cursor, key, kind, elements);
    return parse_set(cursor, [&] { return parser.parse(); });
}

// 0 when a part has names.
unsigned widest(std::span<const KeyPart> key) {
    unsigned bits = 1;
    for (const KeyPart& part : key)
        bits = part.bits == 0 || bits == 0 ? 0 : std::max(bits, part.bits);
    return bits;
}

// Boxes of a concatenation may overlap as in nft, unless they would have different outcomes.
ElementsBuilder::Overlap overlap(std::size_t parts, SetKind kind, bool merges) {
    if (kind == SetKind::Set && parts > 1)
        return ElementsBuilder::Overlap::Keep;
    return merges && kind == SetKind::Set ? ElementsBuilder::Overlap::Merge : ElementsBuilder::Overlap::Refuse;
}

std::string conflict_text(std::span<const KeyPart> key, const ElementsBuilder::Conflict& conflict) {
    return fmt::format("elements {} and {} overlap", format_key(key, conflict.first), format_key(key, conflict.second));
}

}  // namespace

bool SetParser::parse_entry() {
    const Token token = cursor_.peek();
    if (token.kind != TokenKind::Word)
        return cursor_.expected("'type', 'flags', 'elements' or another word of a set",
                                "write: set NAME { type ipv4_addr; elements = { 192.0.2.1 }; }");
    const std::string_view word = cursor_.text(token);
    if (std::ranges::find(entry_words, word) == std::end(entry_words))
        return refuse_entry();
    cursor_.take();
    if (word == "type")
        return once(has_key_) && parse_type();
    if (word == "typeof")
        return once(has_key_) && parse_typeof();
    if (word == "flags")
        return once(has_flags_) && parse_flags();
    if (word == "size")
        return once(has_size_) && parse_size();
    if (word == "comment")
        return once(has_comment_) && parse_comment();
    if (word == "elements")
        return parse_elements();
    if (word == "auto-merge" || word == "counter") {
        (word == "counter" ? set_.counts : set_.merges) = true;
        return true;
    }
    const bool is_timeout = word == "timeout";
    if (!once(is_timeout ? has_timeout_ : has_gc_interval_))
        return false;
    const auto duration = parse_duration(cursor_);
    if (duration)
        (is_timeout ? set_.timeout : set_.gc_interval) = *duration;
    if (is_timeout && duration && duration->count() != 0)  // says the flag too
        set_.has_timeouts = true;
    return duration.has_value();
}

bool SetParser::once(bool& is_stated) {
    return !std::exchange(is_stated, true) || cursor_.error(cursor_.peek(), "this is stated twice", "state it once");
}

bool SetParser::parse_type() {
    do {
        const Token token = cursor_.peek();
        if (token.kind != TokenKind::Word)
            return cursor_.expected("a type", fmt::format("types: {}", fmt::join(type_words(), ", ")));
        const ruleset::KeyType* type = ruleset::find_key_type(cursor_.text(token));
        if (type == nullptr) {
            std::string near = did_you_mean(cursor_.text(token), type_words());
            return cursor_.error(
                token, fmt::format("unknown type '{}'", cursor_.text(token).substr(0, 64)),
                near.empty() ? fmt::format("types: {}", fmt::join(type_words(), ", ")) : std::move(near));
        }
        cursor_.take();
        set_.key.push_back(ruleset::key_part(*type));
    } while (cursor_.take_if(TokenKind::Dot));
    return parse_data_type();
}

bool SetParser::parse_typeof() {
    for (const ruleset::Field field : parse_field_names(cursor_))
        set_.key.push_back(ruleset::key_part(field));
    return !set_.key.empty() && parse_data_type();
}

// Behind the key of a map.
bool SetParser::parse_data_type() {
    if (!set_.is_map)
        return true;
    if (!cursor_.take_if(TokenKind::Colon))
        return cursor_.expected("':' and what the key is mapped to", "write: type inet_service : verdict");
    if (cursor_.take_if_word("verdict"))
        return true;
    return cursor_.error(cursor_.peek(), "only maps to verdicts are supported", "write: type inet_service : verdict");
}

bool SetParser::parse_flags() {
    do {
        const Token token = cursor_.peek();
        if (cursor_.take_if_word("constant"))
            set_.is_constant = true;
        else if (cursor_.take_if_word("dynamic"))
            set_.is_dynamic = true;
        else if (cursor_.take_if_word("interval"))
            set_.is_interval = true;
        else if (cursor_.take_if_word("timeout"))
            set_.has_timeouts = true;
        else
            return cursor_.expected(
                "'constant', 'dynamic', 'interval' or 'timeout'",
                token.kind == TokenKind::Word ? did_you_mean(cursor_.text(token), flag_words) : std::string{});
    } while (cursor_.take_if(TokenKind::Comma));
    return true;
}

bool SetParser::parse_size() {
    const Token token = cursor_.peek();
    const auto number = token.kind == TokenKind::Number ? parse_number(cursor_.text(token)) : std::nullopt;
    if (!number || *number > ~std::uint32_t{0})
        return cursor_.expected("a number of elements", "write: size 65536");
    cursor_.take();
    set_.size = static_cast<std::uint32_t>(*number);
    return true;
}

bool SetParser::parse_comment() {
    const auto text = parse_comment_text(cursor_);
    if (text)
        set_.comment = *text;
    return text.has_value();
}

bool SetParser::parse_elements() {
    const Token token = cursor_.peek();
    if (set_.key.empty())
        return cursor_.error(token, "the set's type must be known before its elements",
                             "put the type first: type ipv4_addr");
    if (elements_)
        return cursor_.error(token, "the elements are stated twice", "put all of them into one pair of braces");
    if (!cursor_.take_if(TokenKind::Assign))
        return cursor_.expected("'='", "write: elements = { 192.0.2.1, 192.0.2.2 }");
    if (!cursor_.enter_variables())
        return false;
    if (!cursor_.at(TokenKind::LeftBrace))
        return cursor_.expected("'{'", "write: elements = { 192.0.2.1, 192.0.2.2 }");
    elements_.emplace(set_.key.size(), widest(set_.key));
    if (parse_in_braces(cursor_, set_.key, set_.is_map ? SetKind::Map : SetKind::Set, *elements_))
        return true;
    // The last element may have a key and no verdict, and the set is finished all the same, to find more errors.
    elements_.emplace(set_.key.size(), widest(set_.key));
    return false;
}

bool SetParser::finish(const Token& name) {
    if (set_.key.empty())
        return cursor_.error(name, fmt::format("set '{}' has no type", set_.name), "write in it: type ipv4_addr");
    if (!elements_)
        return true;
    auto elements =
        std::move(*elements_).finish(overlap(set_.key.size(), set_.is_map ? SetKind::Map : SetKind::Set, set_.merges));
    if (!elements)
        return cursor_.error(name, fmt::format("set '{}': {}", set_.name, conflict_text(set_.key, elements.error())),
                             "write auto-merge in it, or leave one out");
    set_.elements = ruleset::SharedElements(*std::move(elements));
    return true;
}

bool SetParser::refuse_entry() {
    const Token token = cursor_.peek();
    const std::string_view word = cursor_.text(token);
    if (word == "policy")
        return cursor_.error(token, "'policy' of a set is not supported",
                             "leave it out: memory and speed are both kept");
    if (word == "limit" || word == "quota" || word == "last")
        return cursor_.error(token, fmt::format("'{}' of a set is not supported yet", word), "leave it out");
    return cursor_.error(token, fmt::format("unknown word '{}' in a set", word.substr(0, 64)),
                         did_you_mean(word, entry_words));
}

bool parse_anonymous(Cursor& cursor, std::span<const ruleset::Field> fields, SetKind kind,
                     ruleset::SharedElements& elements) {
    std::vector<KeyPart> key;
    for (const ruleset::Field field : fields)
        key.push_back(ruleset::key_part(field));
    const Token brace = cursor.peek();
    ElementsBuilder builder(key.size(), widest(key));
    if (!parse_in_braces(cursor, key, kind, builder))
        return false;
    auto made = std::move(builder).finish(overlap(key.size(), kind, false));
    if (!made)
        return cursor.error(brace, conflict_text(key, made.error()), "leave one of them out");
    if (!made->notes().empty())
        return cursor.error(brace, "elements of a set without a name have no timeout, counter or comment",
                            "give the set a name");
    elements = ruleset::SharedElements(*std::move(made));
    return true;
}

std::optional<ruleset::Elements> parse_elements_of(Cursor& cursor, const ruleset::Set& set) {
    const Token brace = cursor.peek();
    const SetKind kind = set.is_map ? SetKind::Map : SetKind::Set;
    ElementsBuilder builder(set.key.size(), widest(set.key));
    if (!cursor.at(TokenKind::LeftBrace)) {
        cursor.expected("'{'", "write: { 192.0.2.1, 192.0.2.2 }");
        return std::nullopt;
    }
    if (!parse_in_braces(cursor, set.key, kind, builder))
        return std::nullopt;
    auto elements = std::move(builder).finish(overlap(set.key.size(), kind, set.merges));
    if (elements)
        return *std::move(elements);
    cursor.error(brace, fmt::format("set '{}': {}", set.name, conflict_text(set.key, elements.error())),
                 "leave one of them out");
    return std::nullopt;
}

std::string format_key(std::span<const KeyPart> key, std::span<const Interval> parts) {
    std::string text;
    for (std::size_t part = 0; part < key.size(); ++part) {
        text += part == 0 ? "" : " . ";
        text += format_element(ruleset::value_info(key[part]), parts[part]);
    }
    return text;
}

}  // namespace xdpctl::lang
