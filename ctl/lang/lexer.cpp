// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>
#include <tao/pegtl.hpp>

#include "lang/token.h"

namespace xdpctl::lang {
namespace {

namespace p = tao::pegtl;

struct Newline : p::one<'\n'> {};
struct Space : p::plus<p::one<' ', '\t'>> {};
struct Continuation : p::seq<p::one<'\\'>, p::one<'\n'>> {};
struct ToLineEnd : p::star<p::not_one<'\n'>> {};

// `# handle 12`, as nft -a prints it behind a rule or an opening brace.
struct HandleComment : p::seq<p::one<'#'>, p::star<p::blank>, p::string<'h', 'a', 'n', 'd', 'l', 'e'>,
                              p::plus<p::blank>, p::plus<p::digit>, p::star<p::blank>, p::at<p::eolf>> {};
struct Comment : p::seq<p::one<'#'>, ToLineEnd> {};

struct Quoted : p::seq<p::one<'"'>, p::star<p::not_one<'"', '\n'>>, p::one<'"'>> {};
struct Unterminated : p::seq<p::one<'"'>, ToLineEnd> {};

// Two colons or more: what they make is decided when the value's type is known.
struct Address : p::seq<p::star<p::xdigit>, p::one<':'>, p::star<p::xdigit>, p::one<':'>,
                        p::star<p::sor<p::xdigit, p::one<':', '.'>>>> {};

struct WordStart : p::ranges<'a', 'z', 'A', 'Z', '_'> {};
struct WordByte : p::ranges<'a', 'z', 'A', 'Z', '-', '9', '_'> {};
struct Wildcard : p::seq<p::opt<p::one<'\\'>>, p::one<'*'>> {};
struct Word
    : p::sor<p::seq<p::sor<WordStart, p::seq<p::one<'.'>, WordByte>>, p::star<WordByte>, p::opt<Wildcard>>, Wildcard> {
};

struct DigitWordByte : p::ranges<'a', 'z', 'A', 'Z', '0', '9', '.', '.', '_'> {};
struct Number : p::seq<p::sor<p::seq<p::one<'0'>, p::one<'x', 'X'>, p::plus<p::xdigit>>, p::plus<p::digit>>,
                       p::not_at<DigitWordByte>> {};
struct DigitWord : p::seq<p::digit, p::star<DigitWordByte>> {};

template <TokenKind kind, char... bytes>
struct Sign : p::string<bytes...> {};

struct AnySign
    : p::sor<Sign<TokenKind::Comma, ','>, Sign<TokenKind::LeftBrace, '{'>, Sign<TokenKind::RightBrace, '}'>,
             Sign<TokenKind::Semicolon, ';'>, Sign<TokenKind::Dash, '-'>, Sign<TokenKind::Slash, '/'>,
             Sign<TokenKind::NotEqual, '!', '='>, Sign<TokenKind::Not, '!'>, Sign<TokenKind::Equal, '=', '='>,
             Sign<TokenKind::Assign, '='>, Sign<TokenKind::LessEqual, '<', '='>, Sign<TokenKind::ShiftLeft, '<', '<'>,
             Sign<TokenKind::Less, '<'>, Sign<TokenKind::GreaterEqual, '>', '='>, Sign<TokenKind::ShiftRight, '>', '>'>,
             Sign<TokenKind::Greater, '>'>, Sign<TokenKind::Pipe, '|'>, Sign<TokenKind::Ampersand, '&'>,
             Sign<TokenKind::Caret, '^'>, Sign<TokenKind::LeftParenthesis, '('>, Sign<TokenKind::RightParenthesis, ')'>,
             Sign<TokenKind::LeftBracket, '['>, Sign<TokenKind::RightBracket, ']'>, Sign<TokenKind::Plus, '+'>,
             Sign<TokenKind::Colon, ':'>, Sign<TokenKind::Dot, '.'>, Sign<TokenKind::At, '@'>,
             Sign<TokenKind::Dollar, '$'>> {};

struct JunkByte : p::seq<p::not_at<p::ranges<' ', '~', '\t', '\n'>>, p::any> {};
struct Junk : p::sor<p::plus<JunkByte>, p::any> {};

struct Text : p::star<p::sor<Space, Newline, Address, Word, Number, DigitWord, AnySign, Quoted, Unterminated,
                             HandleComment, Comment, Continuation, Junk>> {};

struct Tokens {
    std::string_view text;
    bool with_handles;
    std::vector<Token> all;

    template <typename Input>
    void add(TokenKind kind, const Input& in) {
        add(kind, in.begin(), in.end());
    }
    void add(TokenKind kind, const char* first, const char* last) {
        all.push_back(
            make_token(kind, static_cast<std::size_t>(first - text.data()), static_cast<std::size_t>(last - first)));
    }
};

template <TokenKind kind>
struct Emit {
    template <typename Input>
    static void apply(const Input& in, Tokens& tokens) {
        tokens.add(kind, in);
    }
};

template <typename Rule>
struct Action : p::nothing<Rule> {};
template <>
struct Action<Newline> : Emit<TokenKind::Newline> {};
template <>
struct Action<Quoted> : Emit<TokenKind::Quoted> {};
template <>
struct Action<Unterminated> : Emit<TokenKind::Unterminated> {};
template <>
struct Action<Address> : Emit<TokenKind::Address> {};
template <>
struct Action<Word> : Emit<TokenKind::Word> {};
template <>
struct Action<Number> : Emit<TokenKind::Number> {};
template <>
struct Action<DigitWord> : Emit<TokenKind::Word> {};
template <>
struct Action<Junk> : Emit<TokenKind::Junk> {};
template <TokenKind kind, char... bytes>
struct Action<Sign<kind, bytes...>> : Emit<kind> {};
template <>
struct Action<HandleComment> {
    template <typename Input>
    static void apply(const Input& in, Tokens& tokens) {
        if (!tokens.with_handles)
            return;
        const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
        const char* first = std::find_if(in.begin(), in.end(), is_digit);
        const char* last = std::find_if_not(first, in.end(), is_digit);
        tokens.add(TokenKind::Handle, first, last);
    }
};

}  // namespace

std::vector<Token> tokenize(std::string_view text, bool with_handles) {
    Tokens tokens{.text = text, .with_handles = with_handles, .all = {}};
    tokens.all.reserve(text.size() / 4 + 1);
    p::memory_input<p::tracking_mode::lazy, p::eol::lf, const char*> input(text.data(), text.data() + text.size(), "");
    p::parse<Text, Action>(input, tokens);
    tokens.all.push_back(make_token(TokenKind::End, text.size(), 0));
    return std::move(tokens.all);
}

}  // namespace xdpctl::lang
