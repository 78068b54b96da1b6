// SPDX-License-Identifier: BSD-2-Clause
#include "lang/cursor.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/suggest.h"

namespace xdpctl::lang {
namespace {

constexpr std::size_t shown_max = 40;            // bytes of a token that a message repeats
constexpr std::size_t expanded_max = 4'000'000;  // tokens; variables in values can double with every definition

std::string found_text(const Token& token, std::string_view text) {
    switch (token.kind) {
    case TokenKind::End:
        return "the end of the text";
    case TokenKind::Newline:
        return "the end of the line";
    case TokenKind::Quoted:
        return fmt::format("{}{}", text.substr(0, shown_max), text.size() > shown_max ? "...\"" : "");
    default:
        return fmt::format("'{}{}'", text.substr(0, shown_max), text.size() > shown_max ? "..." : "");
    }
}

}  // namespace

bool Cursor::take_if(TokenKind kind) {
    if (!at(kind))
        return false;
    take();
    return true;
}

bool Cursor::take_if_word(std::string_view word) {
    if (!at_word(word))
        return false;
    take();
    return true;
}

bool Cursor::at_statement_end() const {
    return at(TokenKind::Newline) || at(TokenKind::Semicolon) || at(TokenKind::RightBrace) || at(TokenKind::End) ||
           at(TokenKind::Handle);
}

std::string_view Cursor::unquoted(const Token& token) const {
    const std::string_view all = text(token);
    return token.kind == TokenKind::Quoted ? all.substr(1, all.size() - 2) : all;
}

bool Cursor::error(const Token& token, std::string message, std::string hint) {
    const Use* const found = use_of(token);
    if (found == nullptr) {
        diagnostics_.add(token.offset, token.length, std::move(message), std::move(hint));
        return false;
    }
    const Use& use = *found;
    const ruleset::SourcePosition defined = sources_.position(use.value.defined_at);
    diagnostics_.add(use.dollar.offset, use.name.offset + use.name.length - use.dollar.offset,
                     fmt::format("in the value of ${}: {}", text(use.name), message),
                     fmt::format("{}{}it is defined at {}:{}:{}", hint, hint.empty() ? "" : "; ",
                                 sources_.name(defined), defined.line, defined.column));
    return false;
}

bool Cursor::error(const Token& first, const Token& last, std::string message, std::string hint) {
    const bool is_one_text = first.offset <= last.offset && position(first).text == position(last).text;
    const std::size_t length = is_one_text ? last.offset + last.length - first.offset : first.length;
    return error(make_token(first.kind, first.offset, length), std::move(message), std::move(hint));
}

bool Cursor::expected(std::string_view what, std::string hint) {
    const Token& token = peek();
    if (token.kind == TokenKind::Unterminated)
        return error(token, "the string has no closing quotation mark", "close it on the same line");
    if (token.kind == TokenKind::Junk) {
        const auto byte = static_cast<unsigned char>(text(token)[0]);
        if (byte == '\r')
            return error(token, "carriage return: lines end with a newline alone", "remove the \\r, as for nft");
        if (byte <= 0x20 || byte >= 0x7f)
            return error(token, fmt::format("byte 0x{:02x} does not belong here", byte),
                         fmt::format("expected {}", what));
    }
    return error(token, fmt::format("expected {}, found {}", what, found_text(token, text(token))), std::move(hint));
}

// A newline where no set continues: the set was not closed.
bool Cursor::at_end_of_open_set() const {
    if (!at(TokenKind::Newline))
        return false;
    const TokenKind before = tokens_[next_ - 1].kind;
    const TokenKind after = kind_behind_newlines();
    return before != TokenKind::Comma && before != TokenKind::LeftBrace && before != TokenKind::Newline &&
           after != TokenKind::Comma && after != TokenKind::RightBrace;
}

bool Cursor::enter_variables() {
    while (at(TokenKind::Dollar)) {
        const Token dollar = tokens_[next_];
        const Token name = tokens_[next_ + 1];
        if (name.kind != TokenKind::Word)
            return error(dollar, "expected a variable's name behind '$'");
        const Variables::Value* value =
            uses_.empty() ? variables_.find(text(name)) : variables_.find_in_value(dollar.offset);
        if (value == nullptr)
            return unknown_variable(dollar, name);
        expanded_ += value->last - value->first;
        if (expanded_ > expanded_max)
            return error(dollar, name, fmt::format("variables stand for more than {} words in all", expanded_max),
                         "use them less often, or in fewer values of others");
        if (uses_.empty())
            left_.clear();
        uses_.push_back({.dollar = dollar, .name = name, .value = *value, .resume = next_ + 2});
        next_ = value->first;
        value_end_ = value->last;
    }
    return true;
}

bool Cursor::unknown_variable(const Token& dollar, const Token& name) {
    std::string near = did_you_mean(text(name), variables_.names());
    return error(dollar, name, fmt::format("unknown variable '${}'", text(name).substr(0, shown_max)),
                 near.empty() ? "define it above: define NAME = value" : std::move(near));
}

void Cursor::leave_variables() {
    while (!uses_.empty() && next_ == uses_.back().value.last) {
        next_ = uses_.back().resume;
        left_.push_back(uses_.back());
        uses_.pop_back();
    }
    value_end_ = uses_.empty() ? no_value : uses_.back().value.last;
}

// The variable in the statement by which the token was read.
const Cursor::Use* Cursor::use_of(const Token& token) const {
    if (!uses_.empty())
        return &uses_.front();
    const bool is_in_value = std::ranges::any_of(left_, [&](const Use& use) {
        return tokens_[use.value.first].offset <= token.offset && token.offset <= tokens_[use.value.last - 1].offset;
    });
    return is_in_value ? &left_.back() : nullptr;
}

void Cursor::insert_behind_next(const std::vector<Token>& tokens) {
    tokens_.insert(tokens_.begin() + static_cast<std::ptrdiff_t>(next_) + 1, tokens.begin(), tokens.end());
}

void Cursor::skip_statement(std::size_t start) {
    if (!uses_.empty()) {
        next_ = uses_.front().resume;
        uses_.clear();
        value_end_ = no_value;
    }
    std::size_t depth = 0;
    for (std::size_t i = start; i < next_; ++i) {
        if (tokens_[i].kind == TokenKind::LeftBrace)
            ++depth;
        else if (tokens_[i].kind == TokenKind::RightBrace && depth > 0)
            --depth;
    }
    std::size_t open_before = depth;  // the error stands in that many braces
    while (!at(TokenKind::End)) {
        if (depth == 0 ? at_statement_end() : depth <= open_before && at_end_of_open_set())
            return;
        switch (take().kind) {
        case TokenKind::LeftBrace:
            ++depth;
            break;
        case TokenKind::RightBrace:
            open_before = std::min(open_before, --depth);
            break;
        default:
            break;
        }
    }
}

TokenKind Cursor::kind_behind_newlines() const {
    std::size_t i = next_;
    while (tokens_[i].kind == TokenKind::Newline)
        ++i;
    return tokens_[i].kind;
}

void Cursor::skip_newlines() {
    while (take_if(TokenKind::Newline)) {
    }
}

}  // namespace xdpctl::lang
