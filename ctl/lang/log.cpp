// SPDX-License-Identifier: BSD-2-Clause
#include "lang/log.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "lang/value.h"
#include "ruleset/check.h"

namespace xdpctl::lang {
namespace {

using ruleset::Log;
using ruleset::LogLevel;

// In the order of LogLevel.
constexpr std::array<std::string_view, 8> levels = {"emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"};

class LogParser {
public:
    LogParser(Cursor& cursor, Log& log) : cursor_(cursor), log_(log) {}

    bool parse() {
        while (cursor_.at(TokenKind::Word)) {
            const Token word = cursor_.peek();
            const std::string_view name = cursor_.text(word);
            if (name == "flags")
                return cursor_.error(word, "'log flags' is not supported",
                                     "leave it out: reports have all headers of the packet");
            if (name == "queue-threshold")
                return cursor_.error(word, "'log queue-threshold' is not supported",
                                     "leave it out: reports are not gathered");
            if (name != "prefix" && name != "group" && name != "snaplen" && name != "level")
                break;
            if (!seen_.insert(name).second)
                return cursor_.error(word, fmt::format("'{}' is there twice", name));
            cursor_.take();
            if (!(name == "prefix" ? prefix() : name == "level" ? level() : number(name)))
                return false;
            if (log_.group && seen_.contains("level"))
                return cursor_.error(word, "a log has a level or a group, not both", "leave one of them out");
        }
        return true;
    }

private:
    bool prefix() {
        const Token token = cursor_.peek();
        if (token.kind != TokenKind::Quoted && token.kind != TokenKind::Word)
            return cursor_.expected("the prefix", "write: log prefix \"text\"");
        log_.prefix = cursor_.unquoted(token);
        if (const auto fault = ruleset::log_fault(log_))
            return cursor_.error(token, *fault);
        cursor_.take();
        return true;
    }

    bool level() {
        const Token token = cursor_.peek();
        const auto found = std::ranges::find(levels, cursor_.text(token));
        if (found == levels.end())
            return cursor_.expected("a level", fmt::format("levels: {}", fmt::join(levels, ", ")));
        log_.level = static_cast<LogLevel>(found - levels.begin());
        cursor_.take();
        return true;
    }

    bool number(std::string_view name) {
        const Token token = cursor_.peek();
        if (token.kind != TokenKind::Number)
            return cursor_.expected("a number", fmt::format("write: log {} 64", name));
        const std::uint64_t limit =
            name == "group" ? std::numeric_limits<std::uint16_t>::max() : std::numeric_limits<std::uint32_t>::max();
        const auto value = parse_number(cursor_.text(token));
        if (!value || *value > limit)
            return cursor_.error(token,
                                 fmt::format("{} is not a {} between 0 and {}", cursor_.text(token), name, limit));
        if (name == "group")
            log_.group = static_cast<std::uint16_t>(*value);
        else
            log_.snaplen = static_cast<std::uint32_t>(*value);
        cursor_.take();
        return true;
    }

    Cursor& cursor_;
    Log& log_;
    std::set<std::string_view> seen_;
};

}  // namespace

bool parse_log(Cursor& cursor, Log& log) {
    return LogParser(cursor, log).parse();
}

std::string format_log(const Log& log) {
    std::string out = "log";
    if (!log.prefix.empty())
        out += fmt::format(" prefix \"{}\"", log.prefix);
    if (log.group)
        out += fmt::format(" group {}", *log.group);
    if (log.snaplen)
        out += fmt::format(" snaplen {}", *log.snaplen);
    if (log.level != LogLevel::Warn)
        out += fmt::format(" level {}", level_name(log.level));
    return out;
}

nlohmann::json log_json(const Log& log) {
    nlohmann::json out;
    if (!log.prefix.empty())
        out["prefix"] = log.prefix;
    if (log.group)
        out["group"] = *log.group;
    if (log.snaplen)
        out["snaplen"] = *log.snaplen;
    if (log.level != LogLevel::Warn)
        out["level"] = level_name(log.level);
    return out;
}

std::string_view level_name(LogLevel level) {
    return levels.at(static_cast<std::size_t>(level));
}

}  // namespace xdpctl::lang
