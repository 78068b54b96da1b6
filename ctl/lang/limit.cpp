// SPDX-License-Identifier: BSD-2-Clause
#include "lang/limit.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "lang/value.h"
#include "ruleset/check.h"

namespace xdpctl::lang {
namespace {

using ruleset::Limit;

constexpr std::string_view form = "write: limit rate 10/second, or: limit rate 512 kbytes/second";

struct Period {
    std::string_view name;
    std::chrono::seconds length;
};
constexpr std::array periods{
    Period{"second", std::chrono::seconds(1)}, Period{"minute", std::chrono::minutes(1)},
    Period{"hour", std::chrono::hours(1)},     Period{"day", std::chrono::days(1)},
    Period{"week", std::chrono::weeks(1)},
};

struct Size {
    std::string_view name;
    std::uint64_t bytes;
};
constexpr std::array sizes{Size{"bytes", 1}, Size{"kbytes", 1024}, Size{"mbytes", 1024 * 1024}};

std::string_view name_of(std::chrono::seconds period) {
    return std::ranges::find(periods, period, &Period::length)->name;
}

// The largest unit that says the number whole.
struct Amount {
    std::uint64_t number;
    std::string_view unit;
};
Amount amount_of(std::uint64_t bytes) {
    Size largest = sizes.front();
    for (const Size& size : sizes)
        if (bytes != 0 && bytes % size.bytes == 0)
            largest = size;
    return {bytes / largest.bytes, largest.name};
}

class LimitParser {
public:
    LimitParser(Cursor& cursor, Limit& limit) : cursor_(cursor), limit_(limit) {}

    bool parse() {
        if (cursor_.at_word("name"))
            return cursor_.error(cursor_.peek(), "named limits are not supported yet", std::string(form));
        if (!cursor_.take_if_word("rate"))
            return cursor_.expected("'rate'", std::string(form));
        limit_.is_over = cursor_.take_if_word("over");
        const Token first = cursor_.peek();
        if (!rate() || !burst())
            return false;
        if (const auto fault = ruleset::limit_fault(limit_))
            return cursor_.error(first, last_, *fault);
        return true;
    }

private:
    Token take() { return last_ = cursor_.take(); }

    // nft takes `kbytes/second` for one word, and so does the lexer.
    bool rate() {
        const Token number = cursor_.peek();
        const auto value = take_number(form);
        if (!value)
            return false;
        std::uint64_t unit = 1;
        std::string_view behind;  // the unit, in its word
        if (cursor_.at(TokenKind::Word)) {
            const std::string_view word = cursor_.text(cursor_.peek());
            const std::size_t slash = std::min(word.find('/'), word.size());
            const Size* const size = find_size(word.substr(0, slash));
            if (size == nullptr)
                return cursor_.expected("'/', 'bytes', 'kbytes' or 'mbytes'", std::string(form));
            limit_.unit = Limit::Unit::Bytes;
            unit = size->bytes;
            behind = word.substr(slash);
            take();
        }
        if (!multiply(*value, unit, number, std::numeric_limits<std::uint64_t>::max(), limit_.rate))
            return false;
        if (behind.empty() && !cursor_.take_if(TokenKind::Slash))
            return cursor_.expected("'/'", std::string(form));
        if (behind.size() > 1)
            return period(last_, behind.substr(1));
        const Token token = cursor_.peek();
        return period(token, cursor_.text(token)) && (take(), true);
    }

    bool period(const Token& token, std::string_view name) {
        const auto* const found = std::ranges::find(periods, name, &Period::name);
        if (found == periods.end()) {
            std::vector<std::string_view> names;
            for (const Period& period : periods)
                names.push_back(period.name);
            return cursor_.error(token, fmt::format("expected a unit of time, found '{}'", name),
                                 fmt::format("units: {}", fmt::join(names, ", ")));
        }
        limit_.per = found->length;
        return true;
    }

    bool burst() {
        const bool of_packets = limit_.unit == Limit::Unit::Packets;
        limit_.burst = of_packets ? ruleset::limit_burst_packets : 0;
        if (!cursor_.take_if_word("burst"))
            return true;
        const Token number = cursor_.peek();
        const auto value = take_number(of_packets ? "write: burst 5 packets" : "write: burst 64 kbytes");
        if (!value)
            return false;
        std::uint64_t unit = 1;
        if (of_packets) {
            if (!cursor_.at_word("packets"))
                return cursor_.expected("'packets'", "the burst of a limit of packets is in packets");
        } else {
            const Size* const size = find_size(cursor_.text(cursor_.peek()));
            if (size == nullptr)
                return cursor_.expected("'bytes', 'kbytes' or 'mbytes'", "the burst of a limit of bytes is in bytes");
            unit = size->bytes;
        }
        take();
        return multiply(*value, unit, number, std::numeric_limits<std::uint32_t>::max(), limit_.burst);
    }

    static const Size* find_size(std::string_view name) {
        const auto* const found = std::ranges::find(sizes, name, &Size::name);
        return found == sizes.end() ? nullptr : found;
    }

    std::optional<std::uint64_t> take_number(std::string_view hint) {
        const Token token = cursor_.peek();
        const auto value = token.kind == TokenKind::Number ? parse_number(cursor_.text(token)) : std::nullopt;
        if (value)
            take();
        else
            cursor_.expected("a number", std::string(hint));
        return value;
    }

    // `first` is where the number stands, with its unit behind it.
    template <typename Number>
    bool multiply(std::uint64_t value, std::uint64_t unit, const Token& first, Number most, Number& out) {
        if (value > most / unit)
            return cursor_.error(first, last_, fmt::format("the number is larger than {}", most / unit));
        out = static_cast<Number>(value * unit);
        return true;
    }

    Cursor& cursor_;
    Limit& limit_;
    Token last_{};
};

}  // namespace

bool parse_limit(Cursor& cursor, Limit& limit) {
    return LimitParser(cursor, limit).parse();
}

std::string format_limit(const Limit& limit) {
    const std::string_view over = limit.is_over ? "over " : "";
    if (limit.unit == Limit::Unit::Packets)
        return fmt::format("limit rate {}{}/{} burst {} packets", over, limit.rate, name_of(limit.per), limit.burst);
    const Amount rate = amount_of(limit.rate);
    std::string out = fmt::format("limit rate {}{} {}/{}", over, rate.number, rate.unit, name_of(limit.per));
    if (limit.burst != 0) {
        const Amount burst = amount_of(limit.burst);
        out += fmt::format(" burst {} {}", burst.number, burst.unit);
    }
    return out;
}

nlohmann::json limit_json(const Limit& limit) {
    nlohmann::json out{{"per", name_of(limit.per)}};
    if (limit.is_over)
        out["inv"] = true;
    if (limit.unit == Limit::Unit::Packets) {
        out["rate"] = limit.rate;
        out["burst"] = limit.burst;
        return out;
    }
    const Amount rate = amount_of(limit.rate);
    const Amount burst = amount_of(limit.burst);
    out["rate"] = rate.number;
    out["rate_unit"] = rate.unit;
    out["burst"] = burst.number;
    out["burst_unit"] = burst.unit;
    return out;
}

}  // namespace xdpctl::lang
