// SPDX-License-Identifier: BSD-2-Clause
#include "lang/rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/suggest.h"
#include "lang/limit.h"
#include "lang/log.h"
#include "lang/match.h"
#include "lang/named_set.h"
#include "lang/protocols.h"
#include "lang/unsupported.h"
#include "lang/value.h"
#include "ruleset/check.h"

namespace xdpctl::lang {
namespace {

using ruleset::Counter;
using ruleset::Field;
using ruleset::Lookup;
using ruleset::Match;
using ruleset::Relation;
using ruleset::Rule;
using ruleset::Statement;
using ruleset::Verdict;

// In the order of suggestions: the most used ones first.
constexpr std::string_view protocol_words[] = {"ip",   "tcp", "udp",  "ip6",    "meta",   "icmp", "vlan",
                                               "sctp", "th",  "arp",  "icmpv6", "ether",  "dccp", "udplite",
                                               "ah",   "esp", "comp", "igmp",   "exthdr", "frag"};
constexpr std::string_view other_words[] = {"accept",  "drop", "jump",  "goto",     "return",
                                            "counter", "log",  "limit", "continue", "comment"};
// Keys of meta that stand alone too.
constexpr std::string_view bare_meta_words[] = {"iifname", "oifname", "iif", "oif", "mark", "pkttype", "cpu"};
// Keys of meta that nft does not take without it.
constexpr std::string_view meta_words[] = {"length", "l4proto", "protocol", "nfproto", "priority", "random"};

bool is_bare_meta(std::string_view word) {
    return std::ranges::find(bare_meta_words, word) != std::end(bare_meta_words);
}

bool starts_field(std::string_view word) {
    return is_bare_meta(word) || std::ranges::find(protocol_words, word) != std::end(protocol_words);
}

// Names that nft gives up in favour of others.
std::string_view current_name(std::string_view protocol, std::string_view name) {
    return protocol == "vlan" && name == "cfi" ? "dei" : name;
}

std::vector<std::string_view> field_names(std::string_view protocol) {
    std::vector<std::string_view> names;
    for (const ruleset::FieldInfo& field : ruleset::fields())
        if (field.protocol == protocol && std::ranges::find(names, field.name) == names.end())
            names.push_back(field.name);
    return names;
}

std::string word_hint(std::string_view word) {
    std::vector<std::string_view> words(std::begin(protocol_words), std::end(protocol_words));
    words.insert(words.end(), std::begin(other_words), std::end(other_words));
    words.insert(words.end(), std::begin(bare_meta_words), std::end(bare_meta_words));
    std::string near = did_you_mean(word, words);
    if (!near.empty())
        return near;
    for (const ruleset::FieldInfo& field : ruleset::fields())
        if (field.name == word)
            return fmt::format("'{}' is a field of a protocol: write {} {}", word, field.protocol, word);
    return "a match starts with a protocol: tcp dport 22";
}

void refuse_field(Cursor& cursor, std::string_view protocol) {
    const Token token = cursor.peek();
    const std::string_view name = cursor.text(token);
    if (const Unsupported* known = unsupported_field(protocol, name)) {
        cursor.error(token, fmt::format("'{} {}' is not supported yet", protocol, name), std::string(known->way_out));
        return;
    }
    const std::vector<std::string_view> names = field_names(protocol);
    std::string near = did_you_mean(name, names);
    cursor.error(token, fmt::format("unknown field '{}' of {}", name, protocol),
                 near.empty() ? fmt::format("fields: {}", fmt::join(names, ", ")) : std::move(near));
}

// arp saddr ip
std::optional<Field> parse_field_of_two_words(Cursor& cursor, std::string_view protocol) {
    const std::string_view first = cursor.text(cursor.peek());
    std::vector<std::string_view> seconds;
    for (const std::string_view name : field_names(protocol))
        if (name.starts_with(fmt::format("{} ", first)))
            seconds.push_back(name.substr(first.size() + 1));
    if (seconds.empty()) {
        refuse_field(cursor, protocol);
        return std::nullopt;
    }
    cursor.take();
    const std::string_view second = cursor.at(TokenKind::Word) ? cursor.text(cursor.peek()) : std::string_view{};
    const auto field = ruleset::find_field(protocol, fmt::format("{} {}", first, second));
    if (field)
        cursor.take();
    else
        cursor.expected(fmt::format("'{}'", fmt::join(seconds, "' or '")),
                        fmt::format("write: {} {} {}", protocol, first, seconds.front()));
    return field;
}

// What a lookup finds is not known here: it only implies the protocols of its fields.
std::optional<std::string> conflict_of(const Statement& statement, Protocols& protocols) {
    if (const auto* match = std::get_if<Match>(&statement))
        return protocols.add(*match);
    const auto* lookup = std::get_if<Lookup>(&statement);
    const auto* map = std::get_if<ruleset::VerdictMap>(&statement);
    if (lookup == nullptr && map == nullptr)
        return std::nullopt;
    Match implied;
    implied.relation = Relation::NotEqual;
    for (const Field field : lookup != nullptr ? lookup->fields : map->fields) {
        implied.field = field;
        if (auto conflict = protocols.add(implied))
            return conflict;
    }
    return std::nullopt;
}

// `@name`
bool parse_set_name(Cursor& cursor, std::string& name, ruleset::SourcePosition& position) {
    if (!cursor.take_if(TokenKind::At))
        return cursor.expected("'{' or '@'", "write elements in braces, or the name of a set behind @");
    const Token token = cursor.peek();
    if (token.kind != TokenKind::Word)
        return cursor.expected("the set's name behind '@'", "write: ip saddr @blocked");
    cursor.take();
    name = cursor.text(token);
    position = cursor.position(token);
    return true;
}

}  // namespace

bool RuleParser::parse(Rule& rule) {
    rule.position = cursor_.position(cursor_.peek());
    statements_.clear();
    if (!parse_statements())
        return false;
    if (statements_.empty())
        return cursor_.expected("a statement", "a rule needs a match, a counter or a verdict");
    rule.statements.reserve(statements_.size());
    for (Statement& statement : statements_)
        rule.statements.push_back(pool_.share(std::move(statement)));
    return !cursor_.take_if_word("comment") || parse_comment(rule);
}

bool RuleParser::parse_statements() {
    protocols_ = {};
    const Token* verdict = nullptr;
    while (!cursor_.at_statement_end() && !cursor_.at_word("comment")) {
        const Token& first = cursor_.peek();
        if (verdict != nullptr)
            return cursor_.error(first, fmt::format("nothing can follow '{}'", cursor_.text(*verdict)),
                                 "put the verdict last, or on a line of its own");
        if (!parse_statement(first))
            return false;
        const Statement& statement = statements_.back();
        if (const auto conflict = conflict_of(statement, protocols_))
            return cursor_.error(first, *conflict, "no packet has both: write two rules");
        if (ruleset::ends_rule(statement))
            verdict = &first;
    }
    return true;
}

bool RuleParser::parse_statement(const Token& first) {
    if (first.kind == TokenKind::At)
        return parse_payload();
    if (first.kind != TokenKind::Word)
        return refuse_statement(first);
    const std::string_view word = cursor_.text(first);
    if (word == "meta" && cursor_.is_word(cursor_.peek_next(), "nfproto"))
        return parse_family();
    if (starts_field(word)) {
        const auto field = parse_field_name(cursor_);
        return field && parse_match_of(protocols_.in_second_tag() ? ruleset::of_second_tag(*field) : *field);
    }
    bool failed = false;
    if (auto outcome = parse_outcome(cursor_, failed)) {
        std::visit([&](auto& decided) { statements_.emplace_back(std::move(decided)); }, *outcome);
        return true;
    }
    if (failed)
        return false;
    if (word == "counter")
        return parse_counter();
    if (word == "log")
        return parse_log_statement();
    if (word == "limit")
        return parse_limit_statement();
    return refuse_statement(first);
}

template <typename Kind>
bool RuleParser::is_first(std::string_view what, std::string_view hint) {
    const auto is_kind = [](const Statement& statement) { return std::holds_alternative<Kind>(statement); };
    return std::ranges::none_of(statements_, is_kind) ||
           cursor_.error(cursor_.peek(), fmt::format("a second {} in a rule is not supported yet", what),
                         std::string(hint));
}

bool RuleParser::parse_counter() {
    if (!is_first<Counter>("counter", "write two rules to count at two places"))
        return false;
    cursor_.take();
    Counter counter;
    if (!parse_counter_start(cursor_, counter))
        return false;
    if (cursor_.at_word("name"))
        return cursor_.error(cursor_.peek(), "named counters are not supported yet", "write 'counter' alone");
    statements_.emplace_back(counter);
    return true;
}

bool RuleParser::parse_log_statement() {
    if (!is_first<ruleset::Log>("log", "write two rules to log at two places"))
        return false;
    cursor_.take();
    ruleset::Log log;
    if (!parse_log(cursor_, log))
        return false;
    statements_.emplace_back(std::move(log));
    return true;
}

bool RuleParser::parse_limit_statement() {
    if (!is_first<ruleset::Limit>("limit", "write two rules: the first leads on with a jump"))
        return false;
    cursor_.take();
    ruleset::Limit limit;
    if (!parse_limit(cursor_, limit))
        return false;
    statements_.emplace_back(limit);
    return true;
}

bool RuleParser::parse_match_of(Field field) {
    if (cursor_.at(TokenKind::Dot) || cursor_.at_word("vmap") || is_set_ahead()) {
        std::vector<Field> fields{field};
        while (cursor_.take_if(TokenKind::Dot)) {
            const auto next = parse_field_name(cursor_);
            if (!next)
                return false;
            fields.push_back(*next);
        }
        // nft has no size for it.
        if (fields.size() > 1 && std::ranges::find(fields, Field::CompFlags) != fields.end())
            return cursor_.error(cursor_.peek(), "comp flags can be no part of a key", "match it by itself");
        return cursor_.at_word("vmap") ? parse_map(std::move(fields)) : parse_lookup(std::move(fields));
    }
    Match match;
    match.field = field;
    if (!parse_match(cursor_, ruleset::info(field), match))
        return false;
    statements_.emplace_back(std::move(match));
    return true;
}

// What nft calls nfproto in other families is the packet's protocol here.
bool RuleParser::parse_family() {
    cursor_.take();
    cursor_.take();
    ruleset::FieldInfo field = ruleset::info(Field::MetaProtocol);
    field.name = "nfproto";
    field.type = ruleset::ValueType::Nfproto;
    Match match;
    match.field = Field::MetaProtocol;
    if (!parse_match(cursor_, field, match))
        return false;
    statements_.emplace_back(std::move(match));
    return true;
}

// @ll,offset,length
bool RuleParser::parse_payload() {
    constexpr std::string_view bases[] = {"ll", "nh", "th"};
    constexpr std::string_view form = "write it like @nh,96,32: a base (ll, nh, th), then offset and length in bits";
    const Token first = cursor_.take();
    Match match;
    match.field = Field::Raw;
    const auto* const base =
        cursor_.at(TokenKind::Word) ? std::ranges::find(bases, cursor_.text(cursor_.peek())) : std::end(bases);
    if (base == std::end(bases))
        return cursor_.expected("ll, nh or th", std::string(form));
    match.payload.base = static_cast<ruleset::RawPayload::Base>(base - std::begin(bases));
    cursor_.take();
    for (std::uint32_t* number : {&match.payload.offset, &match.payload.length}) {
        if (!cursor_.take_if(TokenKind::Comma))
            return cursor_.expected("','", std::string(form));
        const auto value = cursor_.at(TokenKind::Number) ? parse_number(cursor_.text(cursor_.peek())) : std::nullopt;
        if (!value)
            return cursor_.expected("a number of bits", std::string(form));
        *number = static_cast<std::uint32_t>(std::min<std::uint64_t>(*value, ~std::uint32_t{0}));
        if (number == &match.payload.length)
            if (const auto fault = ruleset::payload_fault(match.payload))
                return cursor_.error(first, cursor_.peek(), *fault);
        cursor_.take();
    }
    if (!parse_match(cursor_, ruleset::field_of(match), match))
        return false;
    statements_.emplace_back(std::move(match));
    return true;
}

// `@name`, alone or behind an operator.
bool RuleParser::is_set_ahead() const {
    if (cursor_.at(TokenKind::At))
        return true;
    const bool is_operator = cursor_.at(TokenKind::Equal) || cursor_.at(TokenKind::NotEqual) || cursor_.at_word("eq") ||
                             cursor_.at_word("ne");
    return is_operator && cursor_.peek_next().kind == TokenKind::At;
}

bool RuleParser::parse_lookup(std::vector<Field> fields) {
    Lookup lookup{.fields = std::move(fields), .relation = Relation::Equal, .set = {}, .elements = {}, .position = {}};
    if (cursor_.at(TokenKind::NotEqual) || cursor_.at_word("ne"))
        lookup.relation = Relation::NotEqual;
    if (lookup.relation == Relation::NotEqual || cursor_.at(TokenKind::Equal) || cursor_.at_word("eq"))
        cursor_.take();
    if (!cursor_.at(TokenKind::At) && !cursor_.enter_variables())
        return false;
    if (cursor_.at(TokenKind::LeftBrace))
        lookup.position = cursor_.position(cursor_.peek());
    const bool is_good = cursor_.at(TokenKind::LeftBrace)
                             ? parse_anonymous(cursor_, lookup.fields, SetKind::Set, lookup.elements)
                             : parse_set_name(cursor_, lookup.set, lookup.position);
    if (is_good)
        statements_.emplace_back(std::move(lookup));
    return is_good;
}

bool RuleParser::parse_map(std::vector<Field> fields) {
    cursor_.take();
    ruleset::VerdictMap map{.fields = std::move(fields), .map = {}, .elements = {}, .position = {}};
    if (!cursor_.at(TokenKind::At) && !cursor_.enter_variables())
        return false;
    if (cursor_.at(TokenKind::LeftBrace))
        map.position = cursor_.position(cursor_.peek());
    const bool is_good = cursor_.at(TokenKind::LeftBrace)
                             ? parse_anonymous(cursor_, map.fields, SetKind::Map, map.elements)
                             : parse_set_name(cursor_, map.map, map.position);
    if (is_good)
        statements_.emplace_back(std::move(map));
    return is_good;
}

bool RuleParser::parse_comment(Rule& rule) {
    const auto text = parse_comment_text(cursor_);
    if (!text)
        return false;
    rule.comment = *text;
    if (cursor_.at_statement_end())
        return true;
    return cursor_.error(cursor_.peek(), "nothing can follow the comment", "put the comment last");
}

bool RuleParser::refuse_statement(const Token& first) {
    if (first.kind == TokenKind::Dollar)
        return cursor_.error(first, "a variable stands for values, not for statements or fields",
                             "write: tcp dport $ports");
    if (first.kind != TokenKind::Word)
        return cursor_.expected("a match, 'counter', 'accept' or 'drop'");
    const std::string_view word = cursor_.text(first);
    if (const Unsupported* known = unsupported_statement(word))
        return cursor_.error(first, fmt::format("'{}' is not supported yet", word), std::string(known->way_out));
    if (std::ranges::find(meta_words, word) != std::end(meta_words))
        return cursor_.error(first, fmt::format("'{}' needs the word meta in front", word),
                             fmt::format("write: meta {}", word));
    return cursor_.error(first, fmt::format("unknown word '{}'", word.substr(0, 64)), word_hint(word));
}

std::optional<Field> parse_field_name(Cursor& cursor) {
    const Token first = cursor.peek();
    const std::string_view protocol = cursor.text(first);
    if (first.kind != TokenKind::Word || !starts_field(protocol)) {
        cursor.expected("a field", "write it like: ip saddr");
        return std::nullopt;
    }
    cursor.take();
    if (is_bare_meta(protocol))
        return ruleset::find_field("meta", protocol);
    if (!cursor.at(TokenKind::Word)) {
        cursor.expected(fmt::format("a field of {}", protocol),
                        fmt::format("fields: {}", fmt::join(field_names(protocol), ", ")));
        return std::nullopt;
    }
    const auto field = ruleset::find_field(protocol, current_name(protocol, cursor.text(cursor.peek())));
    if (!field)
        return parse_field_of_two_words(cursor, protocol);
    cursor.take();
    return field;
}

std::vector<Field> parse_field_names(Cursor& cursor) {
    std::vector<Field> fields;
    do {
        const auto field = parse_field_name(cursor);
        if (!field)
            return {};
        fields.push_back(*field);
    } while (cursor.take_if(TokenKind::Dot));
    return fields;
}

std::optional<ruleset::Outcome> parse_outcome(Cursor& cursor, bool& failed) {
    using ruleset::Branch;
    if (cursor.take_if_word("accept"))
        return Verdict::Accept;
    if (cursor.take_if_word("drop"))
        return Verdict::Drop;
    if (cursor.take_if_word("return"))
        return Branch{Branch::Kind::Return, {}};
    if (cursor.take_if_word("continue"))
        return Branch{Branch::Kind::Continue, {}};
    const bool is_jump = cursor.at_word("jump");
    if (!is_jump && !cursor.at_word("goto"))
        return std::nullopt;
    cursor.take();
    const Token name = cursor.peek();
    if (name.kind != TokenKind::Word) {
        failed = !cursor.expected("the chain's name", "write: jump NAME");
        return std::nullopt;
    }
    cursor.take();
    return Branch{is_jump ? Branch::Kind::Jump : Branch::Kind::Goto, std::string(cursor.text(name))};
}

bool parse_counter_start(Cursor& cursor, Counter& counter) {
    while (cursor.at_word("packets") || cursor.at_word("bytes")) {
        std::uint64_t& count = cursor.at_word("packets") ? counter.start.packets : counter.start.bytes;
        cursor.take();
        const Token number = cursor.peek();
        if (number.kind != TokenKind::Number)
            return cursor.expected("a number", "write: counter packets 0 bytes 0");
        const auto value = parse_number(cursor.text(number));
        if (!value)
            return cursor.error(number, fmt::format("{} does not fit into 64 bits", cursor.text(number)));
        cursor.take();
        count = *value;
    }
    return true;
}

std::optional<std::string_view> parse_comment_text(Cursor& cursor) {
    const Token token = cursor.peek();
    if (token.kind != TokenKind::Quoted && token.kind != TokenKind::Word) {
        cursor.expected("the comment's text", "write: comment \"text\"");
        return std::nullopt;
    }
    cursor.take();
    const std::string_view text = cursor.unquoted(token);
    if (const auto fault = ruleset::comment_fault(text)) {
        cursor.error(token, *fault);
        return std::nullopt;
    }
    return text;
}

}  // namespace xdpctl::lang
