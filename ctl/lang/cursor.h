// SPDX-License-Identifier: BSD-2-Clause
// Walks over the tokens of a source and says what was wrong where. All parsers share one.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "lang/source.h"
#include "lang/token.h"

namespace xdpctl::lang {

class Cursor {
public:
    Cursor(const Source& source, std::span<const Token> tokens, Diagnostics& diagnostics)
        : source_(source), tokens_(tokens), diagnostics_(diagnostics) {}

    [[nodiscard]] const Token& peek() const { return tokens_[next_]; }
    [[nodiscard]] const Token& peek_second() const { return tokens_[std::min(next_ + 1, tokens_.size() - 1)]; }
    // Stays at End.
    const Token& take() { return tokens_[next_ + 1 < tokens_.size() ? next_++ : next_]; }
    bool take_if(TokenKind kind);
    bool take_if_word(std::string_view word);

    [[nodiscard]] bool at(TokenKind kind) const { return peek().kind == kind; }
    [[nodiscard]] bool at_word(std::string_view word) const { return is_word(peek(), word); }
    [[nodiscard]] bool is_word(const Token& token, std::string_view word) const {
        return token.kind == TokenKind::Word && text(token) == word;
    }
    // Newline, semicolon, or the end of the block or text.
    [[nodiscard]] bool at_statement_end() const;

    [[nodiscard]] std::string_view text(const Token& token) const {
        return source_.text().substr(token.offset, token.length);
    }
    // Without quotation marks.
    [[nodiscard]] std::string_view unquoted(const Token& token) const;
    [[nodiscard]] ruleset::SourcePosition position(const Token& token) const { return source_.position(token.offset); }

    // Every error function returns false, so that a parser can leave with it.
    bool error(const Token& token, std::string message, std::string hint = {});
    // Underlines everything from one token to another.
    bool error(const Token& first, const Token& last, std::string message, std::string hint = {});
    // "expected ..., found ...", for the next token.
    bool expected(std::string_view what, std::string hint = {});

    // Where a statement starts, to skip it when there is an error in it.
    [[nodiscard]] std::size_t mark() const { return next_; }
    // Skips to the end of the statement that started there, over any blocks in it.
    void skip_statement(std::size_t start);
    void skip_newlines();
    [[nodiscard]] TokenKind kind_behind_newlines() const;

    [[nodiscard]] bool full() const { return diagnostics_.full(); }

private:
    [[nodiscard]] bool at_end_of_open_set() const;

    const Source& source_;
    std::span<const Token> tokens_;
    Diagnostics& diagnostics_;
    std::size_t next_ = 0;
};

}  // namespace xdpctl::lang
