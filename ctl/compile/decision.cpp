// SPDX-License-Identifier: BSD-2-Clause
// The values of one word fall into segments: runs of values with the same outcome. A few single values are compared one
// after the other, a single run by subtracting its start, more segments by binary search over their boundaries. Where
// the outcome depends on the next word, its segments are searched in turn: an IPv6 prefix becomes one compare a word.
#include "compile/decision.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace xdpctl::compile {

namespace {

using ruleset::Interval;
using ruleset::Value;

// Single values that are compared one after the other; more are searched.
constexpr std::size_t linear_values = 4;

enum class Outcome : std::uint8_t { Fails, Holds, Deeper };

// Values from `first` to before the next segment's.
struct Segment {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    Outcome outcome = Outcome::Fails;
    std::vector<Interval> deeper;  // of the following words, for Outcome::Deeper

    [[nodiscard]] bool is_value() const { return first == last; }
    [[nodiscard]] bool is_terminal() const { return outcome != Outcome::Deeper; }
};

// Collects segments in order and fills the gaps with Outcome::Fails.
class Segments {
public:
    void add(std::uint32_t first, std::uint32_t last, Outcome outcome) {
        if (first > next_)
            append({static_cast<std::uint32_t>(next_), first - 1, Outcome::Fails, {}});
        append({first, last, outcome, {}});
    }
    void add_deeper(std::uint32_t value, Interval rest) {
        if (list_.empty() || list_.back().last != value || list_.back().is_terminal())
            add(value, value, Outcome::Deeper);
        list_.back().deeper.push_back(rest);
    }
    std::vector<Segment> finish(std::uint32_t highest) && {
        if (next_ <= highest)
            append({static_cast<std::uint32_t>(next_), highest, Outcome::Fails, {}});
        return std::move(list_);
    }

private:
    void append(Segment segment) {
        next_ = std::uint64_t{segment.last} + 1;
        if (!list_.empty() && segment.is_terminal() && list_.back().outcome == segment.outcome)
            list_.back().last = segment.last;
        else
            list_.push_back(std::move(segment));
    }

    std::vector<Segment> list_;
    std::uint64_t next_ = 0;
};

// The first word's segments; `rest_bits` is the width of the words behind it.
std::vector<Segment> segments_of(std::span<const Interval> intervals, const Word& word, unsigned rest_bits) {
    const Value rest_highest = (Value{1} << rest_bits) - 1;
    Segments segments;
    for (const Interval& interval : intervals) {
        const auto first = static_cast<std::uint32_t>(interval.first >> rest_bits);
        const auto last = static_cast<std::uint32_t>(interval.last >> rest_bits);
        const Value first_rest = interval.first & rest_highest;
        const Value last_rest = interval.last & rest_highest;
        const bool whole_first = first_rest == 0;
        const bool whole_last = last_rest == rest_highest;
        if (first == last) {
            if (whole_first && whole_last)
                segments.add(first, last, Outcome::Holds);
            else
                segments.add_deeper(first, {first_rest, last_rest});
            continue;
        }
        if (!whole_first)
            segments.add_deeper(first, {first_rest, rest_highest});
        const std::uint64_t inner_first = std::uint64_t{first} + (whole_first ? 0 : 1);
        const std::uint64_t inner_end = std::uint64_t{last} + (whole_last ? 1 : 0);
        if (inner_first < inner_end)
            segments.add(static_cast<std::uint32_t>(inner_first), static_cast<std::uint32_t>(inner_end - 1),
                         Outcome::Holds);
        if (!whole_last)
            segments.add_deeper(last, {0, last_rest});
    }
    return std::move(segments).finish(word.highest());
}

class Decision {
public:
    Decision(Assembler& assembler, const Registers& registers, Exits exits)
        : asm_(assembler), registers_(registers), exits_(exits) {}

    // `next` is the exit that code falls through to; none when code of this decision follows.
    void decide(std::span<const Word> words, std::span<const Interval> intervals, Label next) {
        const Word& word = words.front();
        emit_fetch(asm_, word, registers_, exits_.fails);
        const std::span<const Word> rest = words.subspan(1);
        unsigned rest_bits = 0;
        for (const Word& behind : rest)
            rest_bits += behind.bits();
        search(segments_of(intervals, word, rest_bits), rest, next);
    }

private:
    void search(std::span<const Segment> segments, std::span<const Word> rest, Label next) {
        if (segments.size() == 1)
            return leaf(segments.front(), rest, next);
        if (const auto background = background_of(segments))
            return compare_values(segments, *background, rest, next);
        if (segments.size() == 3 && segments[0].is_terminal() && segments[0].outcome == segments[2].outcome)
            return compare_run(segments, rest, next);

        const std::size_t middle = segments.size() / 2;
        const auto low = segments.first(middle);
        const auto high = segments.subspan(middle);
        const std::uint32_t boundary = high.front().first;
        if (segments.size() == 2 && segments[0].is_terminal() && segments[1].is_terminal())
            return branch(Compare::GreaterEqual, boundary, exit(segments[1].outcome), exit(segments[0].outcome), next);
        if (low.size() == 1 && low.front().is_terminal()) {
            asm_.jump_if32(Compare::Less, fetched, boundary, exit(low.front().outcome));
            return search(high, rest, next);
        }
        if (high.size() == 1 && high.front().is_terminal()) {
            asm_.jump_if32(Compare::GreaterEqual, fetched, boundary, exit(high.front().outcome));
            return search(low, rest, next);
        }
        const Label high_label = asm_.label();
        asm_.jump_if32(Compare::GreaterEqual, fetched, boundary, high_label);
        search(low, rest, Label{});
        asm_.bind(high_label);
        search(high, rest, next);
    }

    // The outcome of all segments except at most `linear_values` single values.
    static std::optional<Outcome> background_of(std::span<const Segment> segments) {
        for (const Outcome background : {Outcome::Fails, Outcome::Holds}) {
            std::size_t values = 0;
            const bool fits = std::ranges::all_of(segments, [&](const Segment& segment) {
                return segment.outcome == background || (segment.is_value() && ++values <= linear_values);
            });
            if (fits)
                return background;
        }
        return std::nullopt;
    }

    void compare_values(std::span<const Segment> segments, Outcome background, std::span<const Word> rest, Label next) {
        std::vector<std::pair<const Segment*, Label>> deeper;
        const Segment* last = nullptr;
        for (const Segment& segment : segments) {
            if (segment.outcome == background)
                continue;
            if (last != nullptr)
                asm_.jump_if32(Compare::Equal, fetched, last->first, target(*last, deeper));
            last = &segment;
        }
        branch_value(*last, background, rest, deeper.empty() ? next : Label{});
        for (const auto& [segment, label] : deeper) {
            asm_.bind(label);
            leaf(*segment, rest, label == deeper.back().second ? next : Label{});
        }
    }

    Label target(const Segment& segment, std::vector<std::pair<const Segment*, Label>>& deeper) {
        if (segment.is_terminal())
            return exit(segment.outcome);
        deeper.emplace_back(&segment, asm_.label());
        return deeper.back().second;
    }

    void branch_value(const Segment& segment, Outcome background, std::span<const Word> rest, Label next) {
        if (segment.is_terminal())
            return branch(Compare::Equal, segment.first, exit(segment.outcome), exit(background), next);
        asm_.jump_if32(Compare::NotEqual, fetched, segment.first, exit(background));
        leaf(segment, rest, next);
    }

    void compare_run(std::span<const Segment> segments, std::span<const Word> rest, Label next) {
        const Segment& run = segments[1];
        asm_.subtract32(fetched, run.first);
        if (run.is_terminal())
            return branch(Compare::LessEqual, run.last - run.first, exit(run.outcome), exit(segments[0].outcome), next);
        asm_.jump_if32(Compare::Greater, fetched, run.last - run.first, exit(segments[0].outcome));
        leaf(run, rest, next);
    }

    void leaf(const Segment& segment, std::span<const Word> rest, Label next) {
        if (!segment.is_terminal())
            return decide(rest, segment.deeper, next);
        if (exit(segment.outcome) != next)
            asm_.jump(exit(segment.outcome));
    }

    void branch(Compare compare, std::uint32_t value, Label yes, Label no, Label next) {
        if (yes == next)
            return asm_.jump_if32(opposite(compare), fetched, value, no);
        asm_.jump_if32(compare, fetched, value, yes);
        if (no != next)
            asm_.jump(no);
    }

    [[nodiscard]] Label exit(Outcome outcome) const { return outcome == Outcome::Holds ? exits_.holds : exits_.fails; }

    Assembler& asm_;
    const Registers& registers_;
    Exits exits_;
};

}  // namespace

void emit_decision(Assembler& assembler, const Condition& condition, const Registers& registers, Exits exits) {
    // A first word that decides alone does not tell whether the packet has the last one.
    if (condition.words.size() > 1 && condition.words.back().is_free)
        emit_fetch(assembler, condition.words.back(), registers, exits.fails);
    Decision(assembler, registers, exits).decide(condition.words, condition.holds, exits.next);
}

void emit_hull(Assembler& assembler, const Hull& hull, const Registers& registers, Label holds, Label fails) {
    emit_fetch(assembler, hull.word, registers, fails);
    if (hull.first == hull.last)
        return assembler.jump_if32(Compare::Equal, fetched, hull.first, holds);
    if (hull.first != 0)
        assembler.subtract32(fetched, hull.first);
    assembler.jump_if32(Compare::LessEqual, fetched, hull.last - hull.first, holds);
}

}  // namespace xdpctl::compile
