// SPDX-License-Identifier: BSD-2-Clause
#include "sets/live.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sets/elements.h"

namespace xdpctl::sets {

namespace {

using ruleset::ElementNote;
using ruleset::Elements;
using ruleset::ElementsBuilder;
using ruleset::Interval;
using ruleset::Set;

constexpr unsigned word_bits = 32;

std::chrono::nanoseconds timeout_of(const Set& set, const ElementNote& note) {
    return note.timeout.count() != 0 ? note.timeout : set.timeout;
}

xdpctl_set_live value_of(const Set& set, const ElementNote& note, Instant now) {
    xdpctl_set_live value{};
    value.state = XDPCTL_SET_ADDED;
    const std::chrono::nanoseconds timeout = timeout_of(set, note);
    if (timeout.count() != 0) {
        const std::chrono::nanoseconds left = note.expires.count() != 0 ? note.expires : timeout;
        value.timeout = static_cast<std::uint64_t>(timeout.count());
        value.expires = static_cast<std::uint64_t>((now + left).count());
    }
    value.counts = set.counts ? 1 : 0;
    if (note.counter) {
        value.packets = note.counter->packets;
        value.bytes = note.counter->bytes;
    }
    return value;
}

// Bits behind the prefix that the interval is; nothing when it is none.
std::optional<unsigned> host_bits(const Interval& interval) {
    const Number128 host = interval.first ^ interval.last;
    if ((host & (host + 1)) != 0 || (interval.first & host) != 0)
        return std::nullopt;
    unsigned bits = 0;
    while (bits < 128 && (host >> bits & 1) != 0)
        ++bits;
    return bits;
}

ElementNote note_of(const LiveElement& element, Instant now) {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    ElementNote note;
    const xdpctl_set_live& value = element.value;
    if (value.expires != 0) {
        note.timeout = duration_cast<milliseconds>(std::chrono::nanoseconds(value.timeout));
        note.expires =
            std::max(milliseconds{1}, duration_cast<milliseconds>(std::chrono::nanoseconds(value.expires) - now));
    }
    if (value.counts != 0)
        note.counter = Count{value.packets, value.bytes};
    return note;
}

// Bits of the filter that the element's keys have; the last of them is before the first when they have all.
struct FilterBits {
    std::uint32_t first;
    std::uint32_t last;
};

FilterBits filter_bits(const LiveElement& element, bool ranged, std::uint32_t words) {
    const std::uint32_t first = xdpctl_set_filter_bit(element.key.words, words, ranged);
    if (element.bits >= word_bits || !ranged)
        return {first, first};
    if (words == 1 && element.bits >= XDPCTL_SET_FILTER_BITS)
        return {first, first};
    if (words == 1)
        return {first, first | ((1U << (XDPCTL_SET_FILTER_BITS - element.bits)) - 1)};
    return {0, (1U << XDPCTL_SET_FILTER_BITS) - 1};
}

}  // namespace

std::optional<LiveElement> live_element(const Set& set, std::span<const Interval> key, const ElementNote& note,
                                        Instant now) {
    const KeyLayout layout = layout_of(set);
    std::vector<Number128> firsts;
    for (const Interval& part : key)
        firsts.push_back(part.first);
    LiveElement element{
        .key = layout.key(firsts), .bits = layout.words() * word_bits, .value = value_of(set, note, now)};
    if (layout.is_number()) {
        const auto host = host_bits(key.front());
        if (!host)
            return std::nullopt;
        // Numbers that differ only behind the bits of the key, like those in the prefix, are the same element.
        if (is_ranged(set))
            element.bits = layout.bits(0) - *host;
        else if (*host != 0)
            return std::nullopt;
        return element;
    }
    const auto is_single = [](const Interval& part) { return part.first == part.last; };
    return std::ranges::all_of(key, is_single) ? std::optional(element) : std::nullopt;
}

std::vector<Interval> intervals_of(const LiveElement& element, const KeyLayout& layout) {
    std::vector<Interval> key;
    for (std::size_t part = 0; part < layout.parts(); ++part) {
        const Number128 first = layout.value(element.key, part);
        key.push_back({first, first});
    }
    if (layout.is_number() && element.bits < layout.bits(0)) {
        const unsigned host = layout.bits(0) - element.bits;
        key.front().last |= host == 128 ? ~Number128{0} : (Number128{1} << host) - 1;
    }
    return key;
}

Result<Division> divide(const Set& set, Instant now) {
    Division out{set, {}};
    const Elements& elements = *set.elements;
    const auto is_live = [&](const ElementNote& note) { return set.counts || timeout_of(set, note).count() != 0; };
    if (!is_live({}) && std::ranges::none_of(elements.notes(), is_live))
        return out;
    ElementsBuilder plain(set.key.size(), std::ranges::max(set.key, {}, &ruleset::KeyPart::bits).bits);
    std::vector<Interval> key(set.key.size());
    for (std::size_t i = 0; i < elements.size(); ++i) {
        for (std::size_t part = 0; part < key.size(); ++part)
            key[part] = elements.interval(i, part);
        const ElementNote* found = elements.note(i);
        const ElementNote note = found != nullptr ? *found : ElementNote{};
        if (!is_live(note)) {
            plain.add(key);
            if (found != nullptr)
                plain.note(note);
            continue;
        }
        const auto element = live_element(set, key, note, now);
        if (!element || !note.comment.empty())
            return fail(ErrorKind::Unsupported, fmt::format("cannot make set {}", set.name),
                        element ? "an element that expires or counts cannot have a comment"
                                : "an element that expires or counts can be a value or a prefix, but not another range",
                        element ? "leave the comment out" : "write the range as prefixes");
        out.live.push_back(*element);
    }
    auto rest = std::move(plain).finish(ElementsBuilder::Overlap::Refuse);
    if (!rest)
        return fail(ErrorKind::Failed, fmt::format("cannot make set {}", set.name), "its elements overlap");
    out.plain.elements = ruleset::SharedElements(*std::move(rest));
    return out;
}

Result<Elements> with_live(const Set& set, const Elements& plain, std::span<const LiveElement> live, Instant now) {
    const KeyLayout layout = layout_of(set);
    ElementsBuilder builder(set.key.size(), std::ranges::max(set.key, {}, &ruleset::KeyPart::bits).bits);
    builder.reserve(plain.size() + live.size());
    // Elements are deleted or changed as they are: with their first key.
    const auto less = [](const std::vector<Number128>& a, const std::vector<Number128>& b) { return a < b; };
    std::map<std::vector<Number128>, const LiveElement*, decltype(less)> changed(less);
    for (const LiveElement& element : live) {
        std::vector<Number128> firsts;
        for (const Interval& part : intervals_of(element, layout))
            firsts.push_back(part.first);
        changed.emplace(std::move(firsts), &element);
    }
    std::vector<Interval> key(set.key.size());
    std::vector<Number128> firsts(set.key.size());
    for (std::size_t i = 0; i < plain.size(); ++i) {
        for (std::size_t part = 0; part < key.size(); ++part) {
            key[part] = plain.interval(i, part);
            firsts[part] = key[part].first;
        }
        if (!changed.empty() && changed.contains(firsts))
            continue;
        builder.add(key);
        if (const ElementNote* note = plain.note(i))
            builder.note(*note);
    }
    for (const LiveElement& element : live) {
        if (!element.is_held(now))
            continue;
        builder.add(intervals_of(element, layout));
        if (ElementNote note = note_of(element, now); !note.empty())
            builder.note(std::move(note));
    }
    auto elements =
        std::move(builder).finish(set.merges ? ElementsBuilder::Overlap::Merge : ElementsBuilder::Overlap::Refuse);
    if (!elements)
        return fail(ErrorKind::Failed, fmt::format("cannot read the elements of set {}", set.name),
                    "changes of it overlap other elements");
    return *std::move(elements);
}

void mark(xdpctl_set_head& head, const LiveElement& element, bool ranged) {
    const auto [first, last] = filter_bits(element, ranged, head.words);
    for (std::uint32_t bit = first; bit <= last; ++bit)
        __atomic_fetch_or(&head.filter[bit / 64], std::uint64_t{1} << bit % 64, __ATOMIC_RELEASE);
}

bool is_marked(const xdpctl_set_head& head, const LiveElement& element, bool ranged) {
    const auto [first, last] = filter_bits(element, ranged, head.words);
    for (std::uint32_t bit = first; bit <= last; ++bit)
        if (xdpctl_set_filter_holds(&head, bit))
            return true;
    return false;
}

}  // namespace xdpctl::sets
