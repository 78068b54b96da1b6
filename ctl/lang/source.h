// SPDX-License-Identifier: BSD-2-Clause
// A text that is parsed, and what is found wrong in it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "ruleset/model.h"

namespace xdpctl::lang {

// One finding in a source text, with the line it stands in.
struct Diagnostic {
    std::string source;        // file name, "<stdin>", "<command line>"
    std::uint32_t line = 0;    // from 1
    std::uint32_t column = 0;  // from 1, in bytes
    std::uint32_t length = 1;  // of the token, in bytes
    std::string line_text;
    std::string message;  // "unknown field 'dprt' of tcp"
    std::string hint;     // "did you mean 'dport'?"; may be empty

    // file:line:column: error: message, the line, a caret line, the hint. No trailing newline.
    [[nodiscard]] std::string text() const;
};

// A text by lines. The text must outlive it.
class Source {
public:
    Source(std::string_view name, std::string_view text) : name_(name), text_(text) {}

    [[nodiscard]] std::string_view name() const { return name_; }
    [[nodiscard]] std::string_view text() const { return text_; }
    [[nodiscard]] ruleset::SourcePosition position(std::size_t offset) const;
    [[nodiscard]] std::string_view line_text(std::uint32_t line) const;  // without its newline

private:
    void index_lines() const;

    std::string_view name_;
    std::string_view text_;
    mutable std::vector<std::uint32_t> line_starts_;  // filled at the first question
};

// Collects findings up to a number that a reader can use.
class Diagnostics {
public:
    explicit Diagnostics(const Source& source) : source_(source) {}

    void add(std::size_t offset, std::size_t length, std::string message, std::string hint = {});
    void add(ruleset::SourcePosition position, std::string message, std::string hint = {}, std::size_t length = 1);

    [[nodiscard]] bool empty() const { return found_.empty(); }
    [[nodiscard]] bool full() const { return found_.size() >= count_max; }
    // All findings as the error of a parse function.
    [[nodiscard]] Error error() const;

private:
    static constexpr std::size_t count_max = 20;

    const Source& source_;
    std::vector<Diagnostic> found_;
};

}  // namespace xdpctl::lang
