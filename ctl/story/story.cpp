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
    const std::uint32_t value = word.bytes == 1   ? load<std::uint8_t>(packet, word.offset)
                                : word.bytes == 2 ? load<std::uint16_t>(packet, word.offset)
                                                  : load<std::uint32_t>(packet, word.offset);
    return value & word.mask;
}

Value value_of(const Condition& condition, const xdpctl_packet& packet) {
    Value value = 0;
    for (const Word& word : condition.words)
        value = value << word.bits() | load(packet, word);
    return value;
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
    Teller(const ruleset::Chain& chain, const xdpctl_packet& packet) : chain_(chain), packet_(packet) {}

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
        story.reason = packet_.malformed != 0 ? static_cast<xdpctl_reason>(packet_.malformed) : XDPCTL_REASON_POLICY;
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
        if ((packet_.headers & condition.headers) != condition.headers)
            return test;
        const Value compared = value_of(condition, packet_);
        test.holds = find(condition.holds, compared) != nullptr;
        test.found = unmasked(match);
        if (const Interval* element = match.is_set ? find(match.values, compared) : nullptr)
            test.element = *element;
        return test;
    }

    // What the packet has, whatever the match asks about it.
    [[nodiscard]] Value unmasked(const Match& match) const {
        Match plain;
        plain.field = match.field;
        return value_of(compile::condition(plain, chain_.devices), packet_);
    }

    const ruleset::Chain& chain_;
    const xdpctl_packet& packet_;
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

Story tell(const ruleset::Chain& chain, const xdpctl_packet& packet) {
    return Teller(chain, packet).tell();
}

}  // namespace xdpctl::story
