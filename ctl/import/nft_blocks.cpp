// SPDX-License-Identifier: BSD-2-Clause
#include "import/nft_blocks.h"

#include <fmt/format.h>

namespace xdpctl::importing {

namespace {

// Tables hold blocks, and blocks hold statements; braces further in belong to the statements.
constexpr int statement_level = 2;

class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    Result<std::vector<NftItem>> read_all() {
        auto items = read(0);
        if (items && !rest_.empty())
            return fail(ErrorKind::Input, fmt::format("line {}: a '}}' closes nothing", line_));
        return items;
    }

private:
    [[nodiscard]] bool at(char c) const { return !rest_.empty() && rest_.front() == c; }

    char take() {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        line_ += c == '\n' ? 1U : 0U;
        return c;
    }

    void skip_comment() {
        while (!rest_.empty() && !at('\n'))
            take();
    }

    void skip_to_item() {
        while (!rest_.empty()) {
            if (at('#'))
                skip_comment();
            else if (std::string_view(" \t\r\n;").find(rest_.front()) != std::string_view::npos)
                take();
            else
                return;
        }
    }

    Result<std::vector<NftItem>> read(int level) {
        std::vector<NftItem> items;
        for (skip_to_item(); !rest_.empty() && !at('}'); skip_to_item()) {
            auto item = read_item(level);
            if (!item)
                return std::unexpected(std::move(item).error());
            if (!item->text.empty())  // else a line that only says that it goes on
                items.push_back(*std::move(item));
        }
        return items;
    }

    static void append(std::string& text, char c) {
        const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
        if (!blank)
            text += c;
        else if (!text.empty() && text.back() != ' ')
            text += ' ';
    }

    Result<NftItem> read_item(int level) {
        NftItem item{.line = line_, .text = {}, .is_block = false, .body = {}};
        std::size_t depth = 0;
        while (!rest_.empty()) {
            if (depth == 0 && (at('\n') || at(';') || at('}')))
                break;
            if (at('#')) {
                skip_comment();
            } else if (at('"')) {
                XDPCTL_TRY(read_quoted(item.text));
            } else if (at('\\') && rest_.substr(1).starts_with('\n')) {
                take();
                take();
            } else if (at('{') && depth == 0 && level < statement_level && !item.text.starts_with("define ")) {
                if (item.text.empty())
                    return fail(ErrorKind::Input, fmt::format("line {}: nothing stands in front of the '{{'", line_));
                take();
                item.is_block = true;
                XDPCTL_TRY(read_body(item, level));
                break;
            } else {
                const char c = take();
                depth += c == '{' ? 1U : 0U;
                depth -= c == '}' ? 1U : 0U;
                append(item.text, c);
            }
        }
        if (depth != 0)
            return fail(ErrorKind::Input, fmt::format("line {}: a '{{' is not closed", item.line));
        item.text.erase(item.text.find_last_not_of(' ') + 1);
        return item;
    }

    Status read_body(NftItem& item, int level) {
        auto body = read(level + 1);
        if (!body)
            return std::unexpected(std::move(body).error());
        if (!at('}'))
            return fail(ErrorKind::Input, fmt::format("line {}: the '{{' of '{}' is not closed", item.line, item.text));
        take();
        item.body = *std::move(body);
        return {};
    }

    Status read_quoted(std::string& text) {
        const std::size_t line = line_;
        text += take();
        while (!rest_.empty() && !at('"') && !at('\n'))
            text += take();
        if (!at('"'))
            return fail(ErrorKind::Input, fmt::format("line {}: a quote is not closed", line));
        text += take();
        return {};
    }

    std::string_view rest_;
    std::size_t line_ = 1;
};

}  // namespace

Result<std::vector<NftItem>> read_blocks(std::string_view text) {
    return Scanner(text).read_all();
}

}  // namespace xdpctl::importing
