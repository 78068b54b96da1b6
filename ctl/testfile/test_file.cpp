// SPDX-License-Identifier: BSD-2-Clause
#include "testfile/test_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/suggest.h"
#include "lang/source.h"
#include "lang/value.h"
#include "packet/parse.h"
#include "packet/words.h"
#include "stats/names.h"

namespace xdpctl::testfile {

namespace {

using packet::Word;
using ruleset::Hook;
using ruleset::Verdict;

constexpr std::string_view line_words[] = {"accept", "drop", "ruleset", "device", "hook", "mode", "test"};

std::vector<std::string_view> reason_names() {
    std::vector<std::string_view> names;
    for (unsigned reason = 0; reason < XDPCTL_REASONS; ++reason)
        if (const auto name = stats::name(static_cast<xdpctl_reason>(reason)); name != "unknown")
            names.push_back(name);
    return names;
}

std::optional<xdpctl_reason> find_reason(std::string_view name) {
    for (unsigned reason = 0; reason < XDPCTL_REASONS; ++reason)
        if (name != "unknown" && stats::name(static_cast<xdpctl_reason>(reason)) == name)
            return static_cast<xdpctl_reason>(reason);
    return std::nullopt;
}

// The line up to a # that stands in no quotation marks.
std::string_view without_comment(std::string_view line) {
    bool is_quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '"')
            is_quoted = !is_quoted;
        else if (line[i] == '#' && !is_quoted)
            return line.substr(0, i);
    }
    return line;
}

class Parser {
public:
    Parser(const lang::Sources& sources, lang::Diagnostics& diagnostics)
        : sources_(sources), diagnostics_(diagnostics) {}

    std::vector<Case> parse(std::string_view text) {
        std::uint32_t number = 0;
        for (std::size_t start = 0; start <= text.size() && !diagnostics_.full();) {
            const std::size_t end = std::min(text.find('\n', start), text.size());
            ++number;
            parse_line(without_comment(text.substr(start, end - start)), start, number);
            start = end + 1;
        }
        return std::move(cases_);
    }

private:
    void parse_line(std::string_view line, std::size_t start, std::uint32_t number) {
        line_ = line;
        start_ = start;
        words_ = packet::split(line);
        next_ = 0;
        if (words_.empty())
            return;
        const std::string_view first = words_.front().text;
        ++next_;
        if (first == "accept" || first == "drop")
            parse_case(first == "accept" ? Verdict::Accept : Verdict::Drop, number);
        else
            parse_setting(first);
    }

    void parse_setting(std::string_view word) {
        if (word == "ruleset")
            set(setting_.ruleset, "a file in quotation marks", true);
        else if (word == "device")
            set(setting_.device, "an interface's name", false);
        else if (word == "test")
            set(group_, "a name in quotation marks", true);
        else if (word == "hook")
            choose("ingress", "egress",
                   [&](bool is_first) { setting_.hook = is_first ? Hook::Ingress : Hook::Egress; });
        else if (word == "mode")
            choose("xdp", "tc", [&](bool is_first) { setting_.at_tc = !is_first; });
        else
            error(words_.front(), fmt::format("'{}' begins no line", word), hint(word));
    }

    static std::string hint(std::string_view word) {
        std::string near = did_you_mean(word, line_words);
        return near.empty() ? "a test is: accept tcp 192.0.2.1:1234 > 198.51.100.7:22 by comment \"ssh\"" : near;
    }

    void set(std::string& out, std::string_view what, bool must_be_quoted) {
        auto text = take_text(what, must_be_quoted);
        if (text && at_line_end())
            out = *std::move(text);
    }

    template <typename Set>
    void choose(std::string_view one, std::string_view other, Set set) {
        if (next_ == words_.size() || (words_[next_].text != one && words_[next_].text != other)) {
            expected(fmt::format("{} or {}", one, other));
            return;
        }
        const bool is_first = words_[next_++].text == one;
        if (at_line_end())
            set(is_first);
    }

    std::optional<std::string> take_text(std::string_view what, bool must_be_quoted) {
        if (next_ == words_.size() || (must_be_quoted && !words_[next_].is_quoted())) {
            expected(what);
            return std::nullopt;
        }
        const Word& word = words_[next_++];
        if (!word.is_quoted())
            return std::string(word.text);
        if (word.text.size() < 2 || !word.text.ends_with('"')) {
            error(word, "the closing quotation mark is missing");
            return std::nullopt;
        }
        return std::string(word.text.substr(1, word.text.size() - 2));
    }

    // VERDICT PACKET [by ...]
    void parse_case(Verdict verdict, std::uint32_t number) {
        const auto by = std::ranges::find(words_, "by", &Word::text);
        const std::size_t first = next_ < words_.size() ? words_[next_].offset : line_.size();
        const std::size_t end = by != words_.end() ? std::max(by->offset, first) : line_.size();
        Case one{.setting = setting_,
                 .group = group_,
                 .text = trimmed(line_),
                 .packet = {},
                 .expected = {.verdict = verdict, .reason = {}, .comment = {}, .handle = {}, .line = {}},
                 .line = number};
        auto packet = packet::parse(sources_, start_ + first, end - first, diagnostics_);
        next_ = static_cast<std::size_t>(by - words_.begin());
        if (!packet || (by != words_.end() && !parse_expectation(one.expected)))
            return;
        if (setting_.ruleset.empty()) {
            error(words_.front(), "no ruleset is named above this line", "write: ruleset \"FILE\"");
            return;
        }
        one.packet = *std::move(packet);
        cases_.push_back(std::move(one));
    }

    // by REASON; by comment "TEXT"; by handle N; by line N
    bool parse_expectation(Expectation& expected_of) {
        ++next_;
        if (next_ == words_.size())
            return expected("what decides", "write: by policy, by comment \"TEXT\", by handle N or by line N");
        const Word& word = words_[next_++];
        if (word.text == "comment") {
            expected_of.comment = take_text("a comment in quotation marks", true);
            return expected_of.comment && at_line_end();
        }
        if (word.text == "handle" || word.text == "line") {
            const auto number = next_ < words_.size() ? lang::parse_number(words_[next_].text) : std::nullopt;
            if (!number)
                return expected("a number");
            ++next_;
            if (word.text == "handle")
                expected_of.handle = Handle{*number};
            else
                expected_of.line = static_cast<std::uint32_t>(std::min<std::uint64_t>(*number, ~0U));
            return at_line_end();
        }
        expected_of.reason = find_reason(word.text);
        if (expected_of.reason)
            return at_line_end();
        const auto names = reason_names();
        std::string near = did_you_mean(word.text, names);
        return error(word, fmt::format("'{}' is no reason", word.text),
                     near.empty() ? fmt::format("write comment \"TEXT\", handle N, line N, or one of: {}",
                                                fmt::join(names, ", "))
                                  : std::move(near));
    }

    static std::string trimmed(std::string_view text) {
        const std::size_t first = text.find_first_not_of(" \t\r");
        const std::size_t last = text.find_last_not_of(" \t\r");
        return first == std::string_view::npos ? std::string() : std::string(text.substr(first, last - first + 1));
    }

    bool at_line_end() { return next_ == words_.size() || expected("the end of the line"); }

    bool error(const Word& word, std::string message, std::string hint = {}) {
        diagnostics_.add(start_ + word.offset, word.text.size(), std::move(message), std::move(hint));
        return false;
    }
    bool expected(std::string_view what, std::string hint = {}) {
        if (next_ < words_.size())
            return error(words_[next_], fmt::format("expected {}, found '{}'", what, words_[next_].text),
                         std::move(hint));
        diagnostics_.add(start_ + line_.size(), 1, fmt::format("expected {}, found the end of the line", what),
                         std::move(hint));
        return false;
    }

    const lang::Sources& sources_;
    lang::Diagnostics& diagnostics_;
    Setting setting_;
    std::string group_;
    std::vector<Case> cases_;
    std::string_view line_;  // being parsed
    std::size_t start_ = 0;  // where it begins
    std::vector<Word> words_;
    std::size_t next_ = 0;
};

}  // namespace

Result<std::vector<Case>> parse(std::string_view text, std::string_view source) {
    if (text.size() > text_size_max)
        return fail(ErrorKind::Limit, fmt::format("{} has {} bytes", source, text.size()),
                    fmt::format("a file of tests has at most {}", text_size_max));
    const lang::Sources sources(source, text);
    lang::Diagnostics diagnostics(sources);
    auto cases = Parser(sources, diagnostics).parse(text);
    if (!diagnostics.empty())
        return std::unexpected(diagnostics.error());
    if (cases.empty())
        return fail(ErrorKind::Input, fmt::format("{} has no test", source), {},
                    "a test is: accept tcp 192.0.2.1:1234 > 198.51.100.7:22 by comment \"ssh\"");
    return cases;
}

}  // namespace xdpctl::testfile
