// SPDX-License-Identifier: BSD-2-Clause
// Walks over the tokens of a source and says what was wrong where. All parsers share one.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "lang/source.h"
#include "lang/token.h"
#include "lang/variables.h"

namespace xdpctl::lang {

class Cursor {
public:
    Cursor(const Sources& sources, std::vector<Token> tokens, Diagnostics& diagnostics)
        : sources_(sources), tokens_(std::move(tokens)), diagnostics_(diagnostics) {}

    [[nodiscard]] const Token& peek() const { return tokens_[next_]; }
    // The token behind it.
    [[nodiscard]] const Token& peek_next() const { return tokens_[std::min(next_ + 1, tokens_.size() - 1)]; }
    // Stays at End.
    const Token& take() {
        const Token& token = tokens_[next_];
        if (next_ + 1 < tokens_.size() && ++next_ == value_end_)
            leave_variables();
        return token;
    }
    bool take_if(TokenKind kind);
    bool take_if_word(std::string_view word);

    [[nodiscard]] bool at(TokenKind kind) const { return peek().kind == kind; }
    [[nodiscard]] bool at_word(std::string_view word) const { return is_word(peek(), word); }
    [[nodiscard]] bool is_word(const Token& token, std::string_view word) const {
        return token.kind == TokenKind::Word && text(token) == word;
    }
    // Newline, semicolon, or the end of the block or text.
    [[nodiscard]] bool at_statement_end() const;

    [[nodiscard]] std::string_view text(const Token& token) const { return sources_.text(token.offset, token.length); }
    // Without quotation marks.
    [[nodiscard]] std::string_view unquoted(const Token& token) const;
    [[nodiscard]] ruleset::SourcePosition position(const Token& token) const { return sources_.position(token.offset); }

    [[nodiscard]] Variables& variables() { return variables_; }
    // Where a value can stand: when a variable does, its value's tokens come next, and then what is behind the
    // variable. Returns false after an error.
    [[nodiscard]] bool enter_variables();
    bool unknown_variable(const Token& dollar, const Token& name);

    // Other tokens that come behind the next one.
    void insert_behind_next(const std::vector<Token>& tokens);

    // Every error function returns false, so that a parser can leave with it.
    bool error(const Token& token, std::string message, std::string hint = {});
    // Underlines everything from one token to another in the same text.
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

    // A variable whose value is being read.
    struct Use {
        Token dollar;
        Token name;
        Variables::Value value;
        std::size_t resume;  // the token behind the variable
    };
    static constexpr std::size_t no_value = static_cast<std::size_t>(-1);

    void leave_variables();
    [[nodiscard]] const Use* use_of(const Token& token) const;

    const Sources& sources_;
    std::vector<Token> tokens_;
    Diagnostics& diagnostics_;
    std::size_t next_ = 0;
    Variables variables_;
    std::vector<Use> uses_;             // the outermost first
    std::vector<Use> left_;             // read to the end since the last outermost one began, which is the last
    std::size_t value_end_ = no_value;  // of the innermost use
    std::size_t expanded_ = 0;          // tokens of values so far
};

}  // namespace xdpctl::lang
