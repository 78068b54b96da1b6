// SPDX-License-Identifier: BSD-2-Clause
#include "lang/include.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace xdpctl::lang {

bool Includer::parse() {
    const Token word = cursor_.take();
    const Token pattern = cursor_.peek();
    if (pattern.kind != TokenKind::Quoted)
        return cursor_.expected("a file's name in quotation marks", "write: include \"./rules.nft\"");
    cursor_.take();
    if (!cursor_.at(TokenKind::Newline) && !cursor_.at(TokenKind::Semicolon))
        return cursor_.expected("a newline or ';'");
    if (!open_)
        return cursor_.error(word, "this text cannot include files", "put the file's text in its place");
    auto files = open_(std::string(cursor_.unquoted(pattern)));
    if (!files) {
        const Error& error = files.error();
        return cursor_.error(pattern, error.cause.empty() ? error.what : fmt::format("{}: {}", error.what, error.cause),
                             error.next);
    }
    std::vector<Token> tokens;
    for (IncludedFile& file : *files)
        if (!check_path(pattern, file.name) || !add(pattern, std::move(file), tokens))
            return false;
    cursor_.insert_behind_next(tokens);
    return true;
}

bool Includer::check_path(const Token& pattern, std::string_view name) {
    std::vector<std::string_view> path = sources_.includers(pattern.offset);
    const bool is_loop = std::ranges::find(path, name) != path.end();
    if (!is_loop && path.size() <= include_depth_max)
        return true;
    std::ranges::reverse(path);
    path.push_back(name);
    const std::string shown = fmt::format("{}", fmt::join(path, " -> "));
    if (is_loop)
        return cursor_.error(pattern, "the file includes itself", fmt::format("the path is {}", shown));
    return cursor_.error(pattern, fmt::format("files are included more than {} deep", include_depth_max),
                         fmt::format("the path is {}", shown));
}

bool Includer::add(const Token& pattern, IncludedFile file, std::vector<Token>& tokens) {
    if (sources_.size() + file.text.size() + 1 >= text_size_max)
        return cursor_.error(pattern,
                             fmt::format("with {} the ruleset has more than {} bytes", file.name, text_size_max));
    const std::size_t base = sources_.add(std::move(file.name), std::move(file.text), pattern.offset);
    std::vector<Token> included = tokenize(sources_.text(base, std::string_view::npos), false);
    included.pop_back();  // the end
    for (Token& token : included)
        token.offset += static_cast<std::uint32_t>(base);
    tokens.insert(tokens.end(), included.begin(), included.end());
    return true;
}

}  // namespace xdpctl::lang
