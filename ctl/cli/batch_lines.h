// SPDX-License-Identifier: BSD-2-Clause
// The lines of a batch, as they come.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/fd.h"

namespace xdpctl::cli {

// The words of a line, parted as a shell does it: by blanks, but not within quotes; \\ takes the next character as it
// is. Nothing else is special, but a # that begins a word: it and what follows is a comment. Errors: Input.
[[nodiscard]] Result<std::vector<std::string>> split_words(std::string_view line);

class LineReader {
public:
    // "-" is standard input. Errors: those of opening the file.
    [[nodiscard]] static Result<LineReader> open(const std::string& path);

    // Without its end; nothing behind the last one. Errors: Failed; Limit for a line that is too long.
    [[nodiscard]] Result<std::optional<std::string>> next();
    // How many next() has returned.
    [[nodiscard]] std::uint64_t number() const { return number_; }
    // Whether the next line is there, or the end of the file: next() would not wait.
    [[nodiscard]] bool is_ready() const;

private:
    explicit LineReader(Fd file) : file_(std::move(file)) {}

    Fd file_;
    std::string buffer_;
    std::size_t begin_ = 0;  // of what is not yet returned
    bool is_at_end_ = false;
    std::uint64_t number_ = 0;
};

}  // namespace xdpctl::cli
