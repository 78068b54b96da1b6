// SPDX-License-Identifier: BSD-2-Clause
#include "lang/flags.h"

#include <fmt/format.h>

#include <optional>

#include "lang/operator.h"
#include "lang/set.h"
#include "lang/sum.h"
#include "lang/value.h"

namespace xdpctl::lang {
namespace {

using ruleset::FieldInfo;
using ruleset::Interval;
using ruleset::Match;
using ruleset::Relation;
using ruleset::Value;

class FlagsParser {
public:
    FlagsParser(Cursor& cursor, const FieldInfo& field, Match& match)
        : cursor_(cursor), field_(field), match_(match), all_(value_max(field.bits)) {}

    bool parse() {
        const bool is_masked = cursor_.take_if(TokenKind::Ampersand) || cursor_.take_if_word("and");
        if (is_masked && !parse_mask())
            return false;
        const Token token = cursor_.peek();
        const auto op = parse_operator(cursor_);
        if (!op || !enter_value(cursor_))
            return false;
        if (*op == Operator::Not)
            return parse_none_of(token, is_masked);
        match_.relation = relation(*op);
        if (cursor_.at(TokenKind::LeftBrace))
            return parse_flag_set(token, *op == Operator::None && !is_masked);
        return parse_flag_values(*op, is_masked);
    }

private:
    // Behind '&': one flag, a number, or several in parentheses. Without them nft binds '&' first, which nobody means.
    bool parse_mask() {
        const auto mask = parse_summand(cursor_, field_);
        if (!mask)
            return false;
        if (cursor_.at(TokenKind::Pipe) || cursor_.at_word("or") || cursor_.at(TokenKind::Comma))
            return cursor_.error(cursor_.peek(), "a mask of several flags stands in parentheses",
                                 "write: tcp flags & (syn | ack) == syn");
        if (cursor_.at_statement_end())
            return cursor_.expected("a comparison", "write: tcp flags & (syn | ack) == syn");
        match_.mask = *mask;
        return true;
    }

    bool parse_none_of(const Token& token, bool is_masked) {
        if (is_masked)
            return cursor_.error(token, "'!' cannot follow a mask", "write != instead");
        const auto flags = flag_list();
        if (!flags)
            return false;
        if (cursor_.at(TokenKind::Slash))
            return cursor_.error(cursor_.peek(), "'!' takes no mask", "write != instead of !");
        match_.mask = *flags;
        set_value(0);
        return true;
    }

    bool parse_flag_set(const Token& token, bool is_bare) {
        std::size_t elements = 0;
        bool has_ranges = false;
        const bool is_read = parse_set(cursor_, [&] {
            ++elements;
            const auto interval = flag_interval(false);
            if (interval) {
                match_.values.push_back(*interval);
                has_ranges |= interval->first != interval->last;
            }
            return interval.has_value();
        });
        if (!is_read)
            return false;
        ruleset::merge_intervals(match_.values, has_ranges);
        match_.is_set = match_.values.size() > 1;
        // To nft a set of one element is that element, without an operator too.
        const bool is_single = !match_.is_set && match_.values[0].first == match_.values[0].last;
        if (is_single && is_bare && elements == 1)
            set_any_of(match_.values[0].first);
        if (is_single)
            canonicalise();
        return check_order(token);
    }

    bool parse_flag_values(Operator op, bool is_masked) {
        const Token first = cursor_.peek();
        const auto interval = flag_interval(true);
        if (!interval)
            return false;
        const bool is_single = interval->first == interval->last;
        if (cursor_.take_if(TokenKind::Slash)) {
            if (is_masked || !is_single || (op != Operator::None && op != Operator::Equal && op != Operator::NotEqual))
                return cursor_.error(first, "a mask behind '/' goes with flags alone",
                                     "write: tcp flags syn / syn,ack");
            const auto mask = flag_list();
            if (!mask)
                return false;
            match_.mask = *mask;
            set_value(interval->first);
        } else if (op == Operator::None && !is_masked && is_single) {
            set_any_of(interval->first);
        } else {
            match_.values.assign(1, *interval);
        }
        canonicalise();
        return check_order(first);
    }

    void set_any_of(Value flags) {
        match_.is_flags = true;
        match_.mask = flags;
        match_.values.clear();
    }

    // nft keeps no mask of all bits, and prints (flags & mask) != 0 as flags.
    void canonicalise() {
        if (match_.is_flags) {
            if (*match_.mask != all_)
                return;
            match_.is_flags = false;
            match_.relation = Relation::NotEqual;
            set_value(0);
        }
        if (match_.mask == all_)
            match_.mask.reset();
        const bool is_zero = match_.values.size() == 1 && match_.values[0].last == 0;
        if (match_.mask && is_zero && match_.relation == Relation::NotEqual) {
            match_.is_flags = true;
            match_.relation = Relation::Equal;
            match_.values.clear();
        }
    }

    bool check_order(const Token& first) {
        const bool has_order = match_.relation != Relation::Equal && match_.relation != Relation::NotEqual;
        if (has_order && (match_.is_set || match_.values[0].first != match_.values[0].last))
            return cursor_.error(first, "an order compares one value, not a set or range", "write == or !=");
        return true;
    }

    void set_value(Value value) { match_.values.assign(1, {.first = value, .last = value}); }

    // Flags joined by '|' (and by commas outside of sets), or a range.
    std::optional<Interval> flag_interval(bool with_commas) {
        const Token first = cursor_.peek();
        const auto value = with_commas ? flag_list() : parse_sum(cursor_, field_);
        if (!value || !cursor_.take_if(TokenKind::Dash))
            return value ? std::optional(Interval{.first = *value, .last = *value}) : std::nullopt;
        const Token last = cursor_.peek();
        const auto end = parse_sum(cursor_, field_);
        if (!end)
            return std::nullopt;
        if (*end < *value) {
            cursor_.error(first, last, "the range is reversed: its end is less than its start");
            return std::nullopt;
        }
        return Interval{.first = *value, .last = *end};
    }

    std::optional<Value> flag_list() {
        auto flags = parse_sum(cursor_, field_);
        while (flags && cursor_.take_if(TokenKind::Comma)) {
            const auto more = parse_sum(cursor_, field_);
            flags = more ? std::optional(*flags | *more) : std::nullopt;
        }
        return flags;
    }

    Cursor& cursor_;
    const FieldInfo& field_;
    Match& match_;
    Value all_;
};

}  // namespace

bool parse_flags_match(Cursor& cursor, const FieldInfo& field, Match& match) {
    if (cursor.at(TokenKind::Pipe) || cursor.at(TokenKind::Caret) || cursor.at_word("or") || cursor.at_word("xor"))
        return cursor.error(cursor.peek(),
                            fmt::format("the operator '{}' is not supported yet here", cursor.text(cursor.peek())),
                            "compare flags with a mask: tcp flags & (syn | ack) == syn");
    return FlagsParser{cursor, field, match}.parse();
}

}  // namespace xdpctl::lang
