// SPDX-License-Identifier: BSD-2-Clause
#include "story/story.h"

#include <algorithm>
#include <cstring>

#include "compile/condition.h"

namespace xdpctl::story {

namespace {

using compile::Condition;
using compile::Word;
using ruleset::Interval;
using ruleset::Match;
using ruleset::Value;

template <typename T>
std::uint32_t load(const xdpctl_packet& packet, std::size_t offset) {
    T value{};
    std::memcpy(&value, reinterpret_cast<const std::byte*>(&packet) + offset, sizeof(value));
    return value;
}

std::uint32_t load(const xdpctl_packet& packet, const Word& word) {
    return word.bytes == 1   ? load<std::uint8_t>(packet, word.offset)
           : word.bytes == 2 ? load<std::uint16_t>(packet, word.offset)
                             : load<std::uint32_t>(packet, word.offset);
}

// What the entry program found, and where it found it.
struct Parsed {
    const xdpctl_packet& packet;
    std::span<const std::byte> frame;
};

// Where words of that source are counted from; nothing when they are not in the frame.
std::optional<std::size_t> begin_of(compile::Source source, const xdpctl_packet& packet) {
    switch (source) {
    case compile::Source::Link:
        return 0;
    case compile::Source::Network:
        return packet.network_offset;
    case compile::Source::Transport:
        return packet.transport_offset;
    case compile::Source::Fragment:
        return packet.fragment_offset;
    default:
        return std::nullopt;
    }
}

std::optional<std::uint32_t> load(const Parsed& parsed, const Word& word) {
    if (word.in_packet())
        return load(parsed.packet, word);
    const auto begin = begin_of(word.source, parsed.packet);
    if (!begin || *begin + word.offset + word.bytes > parsed.frame.size())
        return std::nullopt;
    std::uint32_t value = 0;
    for (const std::byte byte : parsed.frame.subspan(*begin + word.offset, word.bytes))
        value = value << 8 | std::to_integer<std::uint32_t>(byte);
    return value;
}

// The words put together; nothing when the packet lacks one.
std::optional<Value> value_of(const Condition& condition, const Parsed& parsed) {
    Value value = 0;
    for (const Word& word : condition.words) {
        const auto part = load(parsed, word);
        if (!part)
            return std::nullopt;
        value = value << word.bits() | (*part & word.mask) | word.ones;
    }
    return value;
}

// Of the words the field's own bits.
Value field_value(const Condition& condition, Value words) {
    const Value all = condition.bits == 128 ? ~Value{0} : (Value{1} << condition.bits) - 1;
    return words >> condition.shift & all;
}

bool contains(const Interval& interval, Value value) {
    return interval.first <= value && value <= interval.last;
}

const Interval* find(const std::vector<Interval>& intervals, Value value) {
    const auto found = std::ranges::find_if(intervals, [&](const Interval& one) { return contains(one, value); });
    return found == intervals.end() ? nullptr : &*found;
}

class Teller {
public:
    Teller(const ruleset::Chain& chain, const Parsed& parsed) : chain_(chain), parsed_(parsed) {}

    Story tell() {
        Story story;
        for (std::size_t i = 0; i < chain_.rules.size(); ++i) {
            const Step& step = story.steps.emplace_back(ask(chain_.rules[i], i + 1));
            const auto verdict = step.rule->verdict();
            if (!verdict || !step.matched())
                continue;
            story.verdict = *verdict;
            story.reason = XDPCTL_REASON_RULE;
            return story;
        }
        story.verdict = chain_.policy;
        story.reason =
            parsed_.packet.malformed != 0 ? static_cast<xdpctl_reason>(parsed_.packet.malformed) : XDPCTL_REASON_POLICY;
        return story;
    }

private:
    [[nodiscard]] Step ask(const ruleset::Rule& rule, std::size_t number) const {
        Step step{&rule, number, {}};
        for (const ruleset::Statement& statement : rule.statements)
            if (const auto* match = std::get_if<Match>(&statement))
                step.tests.push_back(ask(*match));
        return step;
    }

    [[nodiscard]] Test ask(const Match& match) const {
        Test test{&match, false, {}, {}};
        const Condition condition = compile::condition(match, chain_.devices);
        if ((parsed_.packet.headers & condition.headers) != condition.headers)
            return test;
        const auto compared = value_of(condition, parsed_);
        if (!compared)
            return test;
        test.holds = find(condition.holds, *compared) != nullptr;
        test.found = unmasked(match);
        if (const Interval* element = match.is_set ? find(match.values, field_value(condition, *compared)) : nullptr)
            test.element = *element;
        return test;
    }

    // What the packet has, whatever the match asks about it.
    [[nodiscard]] Value unmasked(const Match& match) const {
        Match plain;
        plain.field = match.field;
        plain.payload = match.payload;
        const Condition condition = compile::condition(plain, chain_.devices);
        return field_value(condition, *value_of(condition, parsed_));
    }

    const ruleset::Chain& chain_;
    const Parsed& parsed_;
};

}  // namespace

bool Step::matched() const {
    return std::ranges::all_of(tests, &Test::holds);
}

bool Step::nearly_matched() const {
    return tests.size() > 1 && std::ranges::count(tests, false, &Test::holds) == 1;
}

const Step* Story::decided() const {
    return reason == XDPCTL_REASON_RULE ? &steps.back() : nullptr;
}

Story tell(const ruleset::Chain& chain, const xdpctl_packet& packet, std::span<const std::byte> frame) {
    return Teller(chain, Parsed{packet, frame}).tell();
}

}  // namespace xdpctl::story
