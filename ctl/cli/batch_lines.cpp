// SPDX-License-Identifier: BSD-2-Clause
#include "cli/batch_lines.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace xdpctl::cli {

namespace {

// A set of a thousand elements is a line of twenty thousand bytes.
constexpr std::size_t line_max = std::size_t{1} << 20;

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

}  // namespace

Result<std::vector<std::string>> split_words(std::string_view line) {
    std::vector<std::string> words;
    bool is_inside = false;  // a word
    char quote = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (quote == 0 && is_blank(c)) {
            is_inside = false;
            continue;
        }
        if (!is_inside) {
            if (c == '#')
                break;
            words.emplace_back();
            is_inside = true;
        }
        if (c == '\\' && quote != '\'' && i + 1 < line.size())
            words.back() += line[++i];
        else if (c == quote)
            quote = 0;
        else if (quote == 0 && (c == '"' || c == '\''))
            quote = c;
        else
            words.back() += c;
    }
    if (quote != 0)
        return fail(ErrorKind::Input, fmt::format("a quotation mark {} is missing", quote));
    return words;
}

Result<LineReader> LineReader::open(const std::string& path) {
    Fd file(path == "-" ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid())
        return fail_errno(errno, fmt::format("cannot open {}", path == "-" ? "standard input" : path));
    return LineReader(std::move(file));
}

Result<std::optional<std::string>> LineReader::next() {
    for (std::size_t searched = begin_;;) {
        if (const std::size_t end = buffer_.find('\n', searched); end != std::string::npos) {
            std::string line = buffer_.substr(begin_, end - begin_);
            begin_ = end + 1;
            ++number_;
            return line;
        }
        if (is_at_end_) {
            if (begin_ == buffer_.size())
                return std::nullopt;
            ++number_;
            return buffer_.substr(std::exchange(begin_, buffer_.size()));
        }
        if (buffer_.size() - begin_ > line_max)
            return fail(ErrorKind::Limit, fmt::format("line {} is longer than {} bytes", number_ + 1, line_max));
        buffer_.erase(0, std::exchange(begin_, 0));
        searched = buffer_.size();
        std::array<char, 65536> chunk;
        ssize_t size = 0;
        do
            size = ::read(file_.get(), chunk.data(), chunk.size());
        while (size < 0 && errno == EINTR);
        if (size < 0)
            return fail_errno(errno, "cannot read the batch");
        is_at_end_ = size == 0;
        buffer_.append(chunk.data(), static_cast<std::size_t>(size));
    }
}

bool LineReader::is_ready() const {
    if (is_at_end_ || buffer_.find('\n', begin_) != std::string::npos)
        return true;
    pollfd waiting{.fd = file_.get(), .events = POLLIN, .revents = 0};
    return ::poll(&waiting, 1, 0) > 0;
}

}  // namespace xdpctl::cli
