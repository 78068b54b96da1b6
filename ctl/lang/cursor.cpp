// SPDX-License-Identifier: BSD-2-Clause
#include "lang/cursor.h"

#include <fmt/format.h>

#include <algorithm>

namespace xdpctl::lang {
namespace {

constexpr std::size_t shown_max = 40;  // bytes of a token that a message repeats

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
    diagnostics_.add(token.offset, token.length, std::move(message), std::move(hint));
    return false;
}

bool Cursor::error(const Token& first, const Token& last, std::string message, std::string hint) {
    diagnostics_.add(first.offset, last.offset + last.length - first.offset, std::move(message), std::move(hint));
    return false;
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

void Cursor::skip_statement(std::size_t start) {
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
