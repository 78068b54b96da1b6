// SPDX-License-Identifier: BSD-2-Clause
#include "lang/rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/suggest.h"
#include "lang/log.h"
#include "lang/match.h"
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

constexpr std::string_view protocol_words[] = {"ip",   "tcp",  "udp",  "ip6",    "meta",
                                               "icmp", "vlan", "sctp", "icmpv6", "ether"};
constexpr std::string_view other_words[] = {"accept", "drop", "counter", "log", "comment", "iifname", "oifname"};
// Keys of meta that nft does not take without it.
constexpr std::string_view meta_words[] = {"length", "l4proto", "protocol"};

bool starts_field(std::string_view word) {
    return word == "iifname" || word == "oifname" ||
           std::ranges::find(protocol_words, word) != std::end(protocol_words);
}

std::vector<std::string_view> field_names(std::string_view protocol) {
    std::vector<std::string_view> names;
    for (const ruleset::FieldInfo& field : ruleset::fields())
        if (field.protocol == protocol)
            names.push_back(field.name);
    return names;
}

std::string word_hint(std::string_view word) {
    std::vector<std::string_view> words(std::begin(protocol_words), std::end(protocol_words));
    words.insert(words.end(), std::begin(other_words), std::end(other_words));
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

// What a lookup finds in its set is not known here: it only implies the field's protocol.
std::optional<std::string> conflict_of(const Statement& statement, Protocols& protocols) {
    if (const auto* match = std::get_if<Match>(&statement))
        return protocols.add(*match);
    const auto* lookup = std::get_if<Lookup>(&statement);
    if (lookup == nullptr)
        return std::nullopt;
    Match implied;
    implied.field = lookup->field;
    implied.relation = Relation::NotEqual;
    return protocols.add(implied);
}

}  // namespace

bool RuleParser::parse(Rule& rule) {
    rule.position = cursor_.position(cursor_.peek());
    statements_.clear();
    if (!parse_statements())
        return false;
    if (statements_.empty())
        return cursor_.expected("a statement", "a rule needs a match, a counter or a verdict");
    rule.statements.assign(std::make_move_iterator(statements_.begin()), std::make_move_iterator(statements_.end()));
    return !cursor_.take_if_word("comment") || parse_comment(rule);
}

bool RuleParser::parse_statements() {
    Protocols protocols;
    const Token* verdict = nullptr;
    while (!cursor_.at_statement_end() && !cursor_.at_word("comment")) {
        const Token& first = cursor_.peek();
        if (verdict != nullptr)
            return cursor_.error(first, fmt::format("nothing can follow '{}'", cursor_.text(*verdict)),
                                 "put the verdict last, or on a line of its own");
        if (!parse_statement(first))
            return false;
        const Statement& statement = statements_.back();
        if (std::holds_alternative<Verdict>(statement))
            verdict = &first;
        else if (const auto conflict = conflict_of(statement, protocols))
            return cursor_.error(first, *conflict, "no packet has both: write two rules");
    }
    return true;
}

bool RuleParser::parse_statement(const Token& first) {
    if (first.kind != TokenKind::Word)
        return refuse_statement(first);
    const std::string_view word = cursor_.text(first);
    if (starts_field(word)) {
        const auto field = parse_field_name(cursor_);
        return field && parse_match_of(*field);
    }
    if (word == "accept" || word == "drop") {
        cursor_.take();
        statements_.emplace_back(word == "accept" ? Verdict::Accept : Verdict::Drop);
        return true;
    }
    if (word == "counter")
        return parse_counter();
    if (word == "log")
        return parse_log_statement();
    return refuse_statement(first);
}

bool RuleParser::parse_counter() {
    const auto is_counter = [](const Statement& statement) { return std::holds_alternative<Counter>(statement); };
    if (std::ranges::any_of(statements_, is_counter))
        return cursor_.error(cursor_.peek(), "a second counter in a rule is not supported yet",
                             "write two rules to count at two places");
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
    const auto is_log = [](const Statement& statement) { return std::holds_alternative<ruleset::Log>(statement); };
    if (std::ranges::any_of(statements_, is_log))
        return cursor_.error(cursor_.peek(), "a second log in a rule is not supported yet",
                             "write two rules to log at two places");
    cursor_.take();
    ruleset::Log log;
    if (!parse_log(cursor_, log))
        return false;
    statements_.emplace_back(std::move(log));
    return true;
}

bool RuleParser::parse_match_of(Field field) {
    if (is_set_ahead())
        return parse_lookup(field);
    Match match;
    match.field = field;
    if (!parse_match(cursor_, match))
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

bool RuleParser::parse_lookup(Field field) {
    Lookup lookup{.field = field, .relation = Relation::Equal, .set = {}, .position = {}};
    if (!cursor_.at(TokenKind::At)) {
        const bool is_negated = cursor_.at(TokenKind::NotEqual) || cursor_.at_word("ne");
        lookup.relation = is_negated ? Relation::NotEqual : Relation::Equal;
        cursor_.take();
    }
    cursor_.take();
    const Token name = cursor_.peek();
    if (name.kind != TokenKind::Word)
        return cursor_.expected("the set's name behind '@'", "write: ip saddr @blocked");
    cursor_.take();
    lookup.set = cursor_.text(name);
    lookup.position = cursor_.position(name);
    statements_.emplace_back(std::move(lookup));
    return true;
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
    if (first.kind == TokenKind::At)
        return cursor_.error(first, "raw payload expressions ('@') are not supported yet", "match a field by its name");
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
    if (protocol == "iifname" || protocol == "oifname")
        return protocol == "iifname" ? Field::MetaIifname : Field::MetaOifname;
    if (!cursor.at(TokenKind::Word)) {
        cursor.expected(fmt::format("a field of {}", protocol),
                        fmt::format("fields: {}", fmt::join(field_names(protocol), ", ")));
        return std::nullopt;
    }
    const auto field = ruleset::find_field(protocol, cursor.text(cursor.peek()));
    if (field)
        cursor.take();
    else
        refuse_field(cursor, protocol);
    return field;
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
