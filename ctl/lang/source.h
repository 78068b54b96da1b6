// SPDX-License-Identifier: BSD-2-Clause
// A text that is parsed, and what is found wrong in it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
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
    [[nodiscard]] std::string text(std::string_view severity = "error") const;
};

// A text by lines. Name and text must outlive it.
class Source {
public:
    Source(std::string_view name, std::string_view text) : name_(name), text_(text) {}

    [[nodiscard]] std::string_view name() const { return name_; }
    [[nodiscard]] std::string_view text() const { return text_; }
    [[nodiscard]] ruleset::SourcePosition position(std::size_t offset) const;
    [[nodiscard]] std::size_t offset(std::uint32_t line, std::uint32_t column) const;
    [[nodiscard]] std::string_view line_text(std::uint32_t line) const;  // without its newline

private:
    void index_lines() const;

    std::string_view name_;
    std::string_view text_;
    mutable std::vector<std::uint32_t> line_starts_;  // filled at the first question
};

// A text and the files it includes, end to end: an offset says where in which of them something stands. Names and texts
// stay where they are when more are added.
class Sources {
public:
    // Name and text must outlive it.
    Sources(std::string_view name, std::string_view text);

    // Puts a file behind the texts there are and returns the offset of its beginning. `at` is where it is included.
    [[nodiscard]] std::size_t add(std::string name, std::string text, std::size_t at);
    [[nodiscard]] std::size_t size() const { return texts_.back().base + texts_.back().source.text().size(); }

    [[nodiscard]] std::string_view text(std::size_t offset, std::size_t length) const {
        const Text& in = text_at(offset);
        return in.source.text().substr(offset - in.base, length);
    }
    [[nodiscard]] ruleset::SourcePosition position(std::size_t offset) const;
    [[nodiscard]] std::string_view line_text(ruleset::SourcePosition position) const;
    [[nodiscard]] std::string_view name(ruleset::SourcePosition position) const;
    [[nodiscard]] std::vector<std::string> names() const;  // of all texts
    // The file that stands there, the one that includes it, and so on to the text itself.
    [[nodiscard]] std::vector<std::string_view> includers(std::size_t offset) const;

private:
    struct Text {
        std::size_t base;
        std::optional<std::size_t> included_at;
        std::string owned_name;
        std::string owned_text;
        Source source;
    };

    [[nodiscard]] const Text& text_at(std::size_t offset) const {
        return texts_.size() == 1 ? texts_.front() : search(offset);
    }
    [[nodiscard]] const Text& search(std::size_t offset) const;

    std::deque<Text> texts_;
};

// Collects findings up to a number that a reader can use.
class Diagnostics {
public:
    explicit Diagnostics(const Sources& sources) : sources_(sources) {}

    void add(std::size_t offset, std::size_t length, std::string message, std::string hint = {});
    void add(ruleset::SourcePosition position, std::string message, std::string hint = {}, std::size_t length = 1);

    [[nodiscard]] bool empty() const { return found_.empty(); }
    [[nodiscard]] bool full() const { return found_.size() >= count_max; }
    [[nodiscard]] const std::vector<Diagnostic>& found() const { return found_; }
    // All findings as the error of a parse function.
    [[nodiscard]] Error error() const;

private:
    static constexpr std::size_t count_max = 20;

    const Sources& sources_;
    std::vector<Diagnostic> found_;
};

}  // namespace xdpctl::lang
