// SPDX-License-Identifier: BSD-2-Clause
#include "story/story.h"

#include <algorithm>
#include <cstring>
#include <ranges>
#include <span>
#include <utility>

#include "compile/condition.h"
#include "ruleset/ifname.h"

namespace xdpctl::story {

namespace {

using compile::Condition;
using compile::Word;
using ruleset::Branch;
using ruleset::Chain;
using ruleset::Elements;
using ruleset::Field;
using ruleset::Interval;
using ruleset::Lookup;
using ruleset::Match;
using ruleset::Outcome;
using ruleset::Relation;
using ruleset::Rule;
using ruleset::Statement;
using ruleset::Value;
using ruleset::Verdict;
using ruleset::VerdictMap;

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

bool is_context(const Word& word) {
    switch (word.source) {
    case compile::Source::Packet:
    case compile::Source::Link:
    case compile::Source::Network:
    case compile::Source::Transport:
    case compile::Source::Fragment:
        return false;
    default:
        return true;
    }
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

// The words put together; nothing when the packet lacks one of them, or a header that the condition demands.
std::optional<Value> value_of(const Condition& condition, const Parsed& parsed) {
    if ((parsed.packet.headers & condition.headers) != condition.headers)
        return std::nullopt;
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

// REQUIRES: sorted, without overlaps.
const Interval* find(const std::vector<Interval>& intervals, Value value) {
    const auto next = std::ranges::upper_bound(intervals, value, {}, &Interval::first);
    return next != intervals.begin() && contains(*(next - 1), value) ? &*(next - 1) : nullptr;
}

// Keys of one part are sorted and do not overlap.
std::optional<std::size_t> find(const Elements& elements, Value value) {
    const auto places = std::views::iota(std::size_t{0}, elements.size());
    const auto next =
        std::ranges::upper_bound(places, value, {}, [&](std::size_t i) { return elements.interval(i).first; });
    if (next == places.begin() || !contains(elements.interval(*(next - 1)), value))
        return std::nullopt;
    return *(next - 1);
}

// The element that holds the values of all parts; none when one is missing.
std::optional<std::size_t> find(const Elements& elements, std::span<const Part> parts) {
    if (!std::ranges::all_of(parts, [](const Part& part) { return part.found.has_value(); }))
        return std::nullopt;
    if (parts.size() == 1)
        return find(elements, *parts.front().found);
    for (std::size_t element = 0; element < elements.size(); ++element) {
        std::size_t part = 0;
        while (part < parts.size() && contains(elements.interval(element, part), *parts[part].found))
            ++part;
        if (part == parts.size())
            return element;
    }
    return std::nullopt;
}

class Teller {
public:
    Teller(const ruleset::Table& table, const Chain& chain, const Parsed& parsed)
        : table_(table), base_(chain), parsed_(parsed) {}

    Story tell() {
        const End end = walk(base_);
        if (const auto* verdict = std::get_if<Verdict>(&end)) {
            story_.verdict = *verdict;
            story_.reason = XDPCTL_REASON_RULE;
        } else {
            story_.verdict = base_.policy;
            const auto malformed = static_cast<xdpctl_reason>(parsed_.packet.malformed);
            story_.reason = malformed != 0 ? malformed : XDPCTL_REASON_POLICY;
        }
        return std::move(story_);
    }

private:
    // How the evaluation of a chain ends: with a verdict, where it was jumped from, or with the policy.
    struct Back {};
    struct Over {};
    using End = std::variant<Verdict, Back, Over>;

    // The table is valid: jumps are no deeper than nft allows.
    End walk(const Chain& chain) {
        const bool is_base = &chain == &base_;
        for (std::size_t i = 0; i < chain.rules.size(); ++i) {
            const std::size_t step = story_.steps.size();
            story_.steps.push_back(ask(chain, i));
            story_.is_certain = story_.is_certain && !story_.steps[step].may_match();
            const auto outcome = story_.steps[step].outcome;
            if (!outcome)
                continue;
            if (const auto* verdict = std::get_if<Verdict>(&*outcome))
                return *verdict;
            const Branch& branch = std::get<Branch>(*outcome);
            if (branch.kind == Branch::Kind::Return)
                break;
            if (!branch.has_chain())
                continue;
            story_.path.push_back(step);
            const End end = walk(*table_.find_chain(branch.chain));
            if (!std::holds_alternative<Back>(end))
                return end;
            story_.path.pop_back();
            if (branch.kind == Branch::Kind::Goto)
                break;
        }
        return is_base ? End(Over{}) : End(Back{});
    }

    [[nodiscard]] Step ask(const Chain& chain, std::size_t place) const {
        const Rule& rule = chain.rules[place];
        Step step{&chain, &rule, place + 1, {}, {}};
        std::optional<Outcome> outcome;
        for (const Statement& statement : rule.statements) {
            if (const auto* match = std::get_if<Match>(&statement))
                step.tests.push_back(ask(statement, *match));
            else if (const auto* lookup = std::get_if<Lookup>(&statement))
                step.tests.push_back(ask(statement, *lookup));
            else if (const auto* limit = std::get_if<ruleset::Limit>(&statement))
                step.tests.push_back({&statement, holds(*limit), {}});
            else if (const auto* map = std::get_if<VerdictMap>(&statement))
                step.tests.push_back(ask(statement, *map, outcome));
            else if (const auto* verdict = std::get_if<Verdict>(&statement))
                outcome = *verdict;
            else if (const auto* branch = std::get_if<Branch>(&statement))
                outcome = *branch;
        }
        if (step.matched())
            step.outcome = std::move(outcome);
        return step;
    }

    [[nodiscard]] bool holds(const ruleset::Limit& limit) const {
        return (parsed_.packet.length <= limit.bytes_max()) == !limit.is_over;
    }

    [[nodiscard]] Test ask(const Statement& statement, const Match& match) const {
        Test test{&statement, false, {part(match.field, match.payload)}};
        const Condition condition = compile::condition(match, base_.devices);
        const auto compared = value_of(condition, parsed_);
        if (!compared)
            return test;
        test.holds = find(condition.holds, *compared) != nullptr;
        if (const Interval* element = match.is_set ? find(match.values, field_value(condition, *compared)) : nullptr)
            test.parts.front().element = *element;
        return test;
    }

    [[nodiscard]] Test ask(const Statement& statement, const Lookup& lookup) const {
        Test test{&statement, false, parts(lookup.fields)};
        const bool is_there = std::ranges::all_of(test.parts, [](const Part& one) { return one.found.has_value(); });
        const bool is_element = note_element(test, *elements_of(lookup, table_)).has_value();
        test.holds = is_there && is_element == (lookup.relation == Relation::Equal);
        return test;
    }

    [[nodiscard]] Test ask(const Statement& statement, const VerdictMap& map, std::optional<Outcome>& outcome) const {
        Test test{&statement, false, parts(map.fields)};
        const Elements& elements = *elements_of(map, table_);
        const auto element = note_element(test, elements);
        test.holds = element.has_value();
        if (element)
            outcome = elements.outcomes()[elements.outcome_of(*element)];
        return test;
    }

    static std::optional<std::size_t> note_element(Test& test, const Elements& elements) {
        const auto element = find(elements, test.parts);
        for (std::size_t i = 0; element && i < test.parts.size(); ++i)
            test.parts[i].element = elements.interval(*element, i);
        return element;
    }

    [[nodiscard]] std::vector<Part> parts(std::span<const Field> fields) const {
        std::vector<Part> out;
        for (const Field field : fields)
            out.push_back(part(field));
        return out;
    }

    // What the packet has, whatever is asked about it.
    [[nodiscard]] Part part(Field field, const ruleset::RawPayload& payload = {}) const {
        Part out{field, payload, {}, {}, true};
        if (ruleset::is_interface(ruleset::info(field).type)) {
            if (parsed_.packet.device < base_.devices.size())
                out.found = ruleset::ifname_interval(base_.devices[parsed_.packet.device]).first;
            return out;
        }
        Match any;
        any.field = field;
        any.payload = payload;
        any.relation = Relation::NotEqual;
        const Condition condition = compile::condition(any, {});
        out.is_known = std::ranges::none_of(condition.words, is_context);
        const auto value = value_of(condition, parsed_);
        if (value && find(condition.holds, *value) != nullptr)
            out.found = field_value(condition, *value);
        return out;
    }

    const ruleset::Table& table_;
    const Chain& base_;
    const Parsed& parsed_;
    Story story_;
};

}  // namespace

bool Test::is_known() const {
    return std::ranges::all_of(parts, &Part::is_known);
}

bool Test::is_limit() const {
    return std::holds_alternative<ruleset::Limit>(*statement);
}

bool Step::is_limited() const {
    return std::ranges::any_of(tests, &Test::is_limit) &&
           std::ranges::all_of(tests, [](const Test& test) { return test.holds || test.is_limit(); });
}

bool Step::matched() const {
    return std::ranges::all_of(tests, &Test::holds);
}

bool Step::may_match() const {
    return !matched() && std::ranges::all_of(tests, [](const Test& test) { return test.holds || !test.is_known(); });
}

bool Step::nearly_matched() const {
    return tests.size() > 1 && std::ranges::count(tests, false, &Test::holds) == 1;
}

const Step* Story::decided() const {
    return reason == XDPCTL_REASON_RULE ? &steps.back() : nullptr;
}

Story tell(const ruleset::Table& table, const Chain& chain, const xdpctl_packet& packet,
           std::span<const std::byte> frame) {
    return Teller(table, chain, Parsed{packet, frame}).tell();
}

}  // namespace xdpctl::story
