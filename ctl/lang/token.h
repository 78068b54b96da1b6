// SPDX-License-Identifier: BSD-2-Clause
// The lexical grammar: nft's words, numbers, addresses and signs. Tokens refer to the text and own nothing.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace xdpctl::lang {

enum class TokenKind : std::uint8_t {
    End,
    Newline,
    Word,     // dport, eth0.5, echo-request, d*, and what starts with a digit but is no number: 192.0.2.1, 8021q
    Number,   // decimal, octal (leading 0) or hexadecimal (0x)
    Address,  // with colons: an Ethernet or IPv6 address, not yet checked
    Quoted,   // "...", quotation marks included
    Handle,   // the number of a `# handle N` comment
    LeftBrace,
    RightBrace,
    LeftParenthesis,
    RightParenthesis,
    LeftBracket,
    RightBracket,
    Comma,
    Colon,
    Semicolon,
    Dot,
    Slash,
    Dash,
    Plus,
    Pipe,
    Ampersand,
    Caret,
    Assign,
    Equal,
    NotEqual,
    Not,
    Less,
    Greater,
    LessEqual,
    GreaterEqual,
    ShiftLeft,
    ShiftRight,
    At,
    Dollar,
    Unterminated,  // a quotation mark without its other
    Junk,          // bytes that belong to no token
};

// Small, because a large ruleset has millions of them at a time.
struct Token {
    static constexpr std::uint32_t length_bits = 26;
    static constexpr std::size_t length_max = (std::size_t{1} << length_bits) - 1;

    std::uint32_t offset = 0;
    std::uint32_t length : length_bits = 0;
    TokenKind kind : 32 - length_bits = TokenKind::End;
};
static_assert(sizeof(Token) == 8);

// What is longer than any token can be belongs to none: Junk, cut off.
[[nodiscard]] constexpr Token make_token(TokenKind kind, std::size_t offset, std::size_t length) {
    Token token;
    token.offset = static_cast<std::uint32_t>(offset);
    token.length = static_cast<std::uint32_t>(length) & Token::length_max;
    token.kind = kind;
    if (length > Token::length_max) {
        token.length = Token::length_max;
        token.kind = TokenKind::Junk;
    }
    return token;
}

// The last token is End. Texts are smaller than text_size_max. `# handle N` comments become Handle tokens on request,
// all other comments and continued lines (a backslash at the end) are skipped.
inline constexpr std::size_t text_size_max = std::size_t{256} << 20U;
[[nodiscard]] std::vector<Token> tokenize(std::string_view text, bool with_handles);

}  // namespace xdpctl::lang
