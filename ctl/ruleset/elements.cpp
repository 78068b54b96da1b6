// SPDX-License-Identifier: BSD-2-Clause
#include "ruleset/elements.h"

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>
#include <queue>

namespace xdpctl::ruleset {
namespace {

constexpr std::uint32_t merged = ~0U;

// Keys of `parts` intervals each, side by side.
template <typename Key>
struct Keys {
    std::vector<Key>& all;
    std::size_t parts;

    [[nodiscard]] std::size_t size() const { return all.size() / parts; }
    [[nodiscard]] std::span<Key> operator[](std::size_t element) const {
        return std::span(all).subspan(element * parts, parts);
    }
};

template <typename Key>
bool less(std::span<const Key> a, std::span<const Key> b) {
    for (std::size_t part = 0; part < a.size(); ++part) {
        if (a[part].first != b[part].first)
            return a[part].first < b[part].first;
        if (a[part].last != b[part].last)
            return a[part].last < b[part].last;
    }
    return false;
}

template <typename Key>
bool overlap(std::span<const Key> a, std::span<const Key> b) {
    for (std::size_t part = 0; part < a.size(); ++part)
        if (a[part].first > b[part].last || b[part].first > a[part].last)
            return false;
    return true;
}

template <typename Key>
bool is_ascending(const Keys<Key>& keys) {
    for (std::size_t i = 1; i < keys.size(); ++i)
        if (!less<Key>(keys[i - 1], keys[i]))
            return false;
    return true;
}

// Sorts the keys and says where each was before; the same keys stay in their order.
template <typename Key>
std::vector<std::uint32_t> sort_keys(const Keys<Key>& keys) {
    std::vector<std::uint32_t> order(keys.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::stable_sort(order, [&](std::uint32_t a, std::uint32_t b) { return less<Key>(keys[a], keys[b]); });
    std::vector<Key> sorted;
    sorted.reserve(keys.all.size());
    for (const std::uint32_t element : order)
        sorted.insert(sorted.end(), keys[element].begin(), keys[element].end());
    keys.all = std::move(sorted);
    return order;
}

template <typename Key>
std::vector<Interval> intervals(std::span<const Key> key) {
    std::vector<Interval> out;
    for (const Key& part : key)
        out.push_back({part.first, part.last});
    return out;
}

// Elements by their first value in one part, and how many pairs of them overlap in it.
struct Sweep {
    std::size_t part = 0;
    std::vector<std::uint32_t> order;
    std::size_t pairs = 0;
};

template <typename Key>
Sweep sweep_over(const Keys<Key>& keys, std::size_t part) {
    using Number = decltype(Key::last);
    Sweep sweep{.part = part, .order = std::vector<std::uint32_t>(keys.size()), .pairs = 0};
    std::iota(sweep.order.begin(), sweep.order.end(), 0U);
    std::ranges::sort(sweep.order, {}, [&](std::uint32_t element) { return keys[element][part].first; });
    std::priority_queue<Number, std::vector<Number>, std::greater<>> open;
    for (const std::uint32_t element : sweep.order) {
        while (!open.empty() && open.top() < keys[element][part].first)
            open.pop();
        sweep.pairs += open.size();
        open.push(keys[element][part].last);
    }
    return sweep;
}

// Two elements of a concatenation whose boxes overlap, looked for along the part that has the fewest candidates.
template <typename Key>
std::optional<std::array<std::uint32_t, 2>> overlapping_boxes(const Keys<Key>& keys) {
    Sweep best = sweep_over(keys, 0);
    for (std::size_t part = 1; part < keys.parts && best.pairs > 0; ++part)
        if (Sweep other = sweep_over(keys, part); other.pairs < best.pairs)
            best = std::move(other);
    if (best.pairs == 0)
        return std::nullopt;
    std::vector<std::uint32_t> open;
    for (const std::uint32_t element : best.order) {
        const auto first = keys[element][best.part].first;
        std::erase_if(open, [&](std::uint32_t before) { return keys[before][best.part].last < first; });
        for (const std::uint32_t before : open)
            if (overlap<Key>(keys[before], keys[element]))
                return std::array{std::min(before, element), std::max(before, element)};
        open.push_back(element);
    }
    return std::nullopt;
}

// Sorts out elements that are the same or may be merged, in sorted keys. `sources`, when there is one, gets for each
// element that is left which one it was, or `merged`. Those in `apart`, when it is not empty, are not merged.
template <typename Key>
std::optional<ElementsBuilder::Conflict> settle(const Keys<Key>& keys, ElementsBuilder::Overlap overlapping,
                                                std::vector<std::uint32_t>* sources, const std::vector<bool>& apart) {
    const bool merges = overlapping == ElementsBuilder::Overlap::Merge;
    const auto set_source = [&](std::size_t element, std::size_t source) {
        if (sources != nullptr)
            (*sources)[element] = static_cast<std::uint32_t>(source);
    };
    std::size_t kept = 0;
    bool last_is_apart = false;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const std::span<Key> key = keys[i];
        const bool is_apart = !apart.empty() && apart[i];
        const bool can_merge = merges && !is_apart && !last_is_apart;
        if (kept > 0) {
            const std::span<Key> last = keys[kept - 1];
            if (std::ranges::equal(key, last)) {
                set_source(kept - 1, i);
                last_is_apart = is_apart;
                continue;
            }
            const bool overlaps = keys.parts == 1 && key[0].first <= last[0].last;
            if (overlaps && !can_merge)
                return ElementsBuilder::Conflict{intervals<Key>(last), intervals<Key>(key)};
            if (can_merge && (overlaps || key[0].first - 1 == last[0].last)) {
                last[0].last = std::max(last[0].last, key[0].last);
                set_source(kept - 1, merged);
                continue;
            }
        }
        std::ranges::copy(key, keys[kept].begin());
        set_source(kept++, i);
        last_is_apart = is_apart;
    }
    keys.all.resize(kept * keys.parts);
    if (sources != nullptr)
        sources->resize(kept);
    if (keys.parts > 1 && overlapping == ElementsBuilder::Overlap::Refuse)
        if (const auto pair = overlapping_boxes(keys))
            return ElementsBuilder::Conflict{intervals<Key>(keys[(*pair)[0]]), intervals<Key>(keys[(*pair)[1]])};
    return std::nullopt;
}

// Elements that expire or count, in their order: merged they would not.
std::vector<bool> those_apart(std::span<const ElementNote> notes, const std::vector<std::uint32_t>& order,
                              std::size_t size) {
    const auto is_apart = [](const ElementNote& note) { return note.timeout.count() != 0 || note.counter.has_value(); };
    if (std::ranges::none_of(notes, is_apart))
        return {};
    std::vector<bool> added(size);
    for (const ElementNote& note : notes)
        added[note.element] = is_apart(note);
    if (order.empty())
        return added;
    std::vector<bool> sorted;
    for (const std::uint32_t element : order)
        sorted.push_back(added[element]);
    return sorted;
}

}  // namespace

std::span<const NarrowInterval> Elements::narrow() const {
    const auto* keys = std::get_if<Narrow>(&keys_);
    return keys == nullptr ? std::span<const NarrowInterval>{} : *keys;
}

std::span<const Interval> Elements::wide() const {
    const auto* keys = std::get_if<Wide>(&keys_);
    return keys == nullptr ? std::span<const Interval>{} : *keys;
}

const ElementNote* Elements::note(std::size_t element) const {
    const auto found = std::ranges::lower_bound(notes_, element, {}, &ElementNote::element);
    return found == notes_.end() || found->element != element ? nullptr : &*found;
}

const Elements& SharedElements::operator*() const {
    static const Elements none;
    return elements_ ? *elements_ : none;
}

ElementsBuilder::ElementsBuilder(std::size_t parts, unsigned bits) {
    made_.parts_ = parts;
    if (bits == 0 || bits > 32)
        made_.keys_ = Elements::Wide{};
}

void ElementsBuilder::reserve(std::size_t elements) {
    std::visit([&](auto& keys) { keys.reserve(elements * made_.parts_); }, made_.keys_);
}

void ElementsBuilder::add(std::span<const Interval> key) {
    for (const Interval& part : key) {
        if (auto* narrow = std::get_if<Elements::Narrow>(&made_.keys_))
            narrow->push_back({static_cast<std::uint32_t>(part.first), static_cast<std::uint32_t>(part.last)});
        else
            std::get<Elements::Wide>(made_.keys_).push_back(part);
    }
    ++made_.size_;
}

void ElementsBuilder::note(ElementNote note) {
    note.element = static_cast<std::uint32_t>(made_.size_ - 1);
    made_.notes_.push_back(std::move(note));
}

void ElementsBuilder::outcome(const Outcome& outcome) {
    const auto found = std::ranges::find(made_.outcomes_, outcome);
    made_.outcome_of_.push_back(static_cast<std::uint32_t>(found - made_.outcomes_.begin()));
    if (found == made_.outcomes_.end())
        made_.outcomes_.push_back(outcome);
}

void ElementsBuilder::rename_chain(std::string_view old_name, const std::string& new_name) {
    for (Outcome& outcome : made_.outcomes_)
        if (auto* branch = std::get_if<Branch>(&outcome); branch != nullptr && branch->chain == old_name)
            branch->chain = new_name;
}

std::expected<Elements, ElementsBuilder::Conflict> ElementsBuilder::finish(Overlap overlapping) && {
    const bool has_more = !made_.notes_.empty() || !made_.outcomes_.empty();
    std::vector<std::uint32_t> order;
    std::vector<std::uint32_t> sources(has_more ? made_.size_ : 0);
    const auto conflict = std::visit(
        [&](auto& all) -> std::optional<Conflict> {
            const Keys keys{all, made_.parts_};
            if (!is_ascending(keys)) {
                if (has_more || made_.parts_ > 1)
                    order = sort_keys(keys);
                else
                    std::ranges::sort(all, [](const auto& a, const auto& b) {
                        return a.first != b.first ? a.first < b.first : a.last < b.last;
                    });
            }
            return settle(keys, overlapping, has_more ? &sources : nullptr,
                          those_apart(made_.notes_, order, made_.size_));
        },
        made_.keys_);
    if (conflict)
        return std::unexpected(*conflict);
    made_.size_ = std::visit([&](const auto& all) { return all.size() / made_.parts_; }, made_.keys_);
    if (has_more)
        follow_keys(order, sources);
    return std::move(made_);
}

void ElementsBuilder::follow_keys(const std::vector<std::uint32_t>& order, const std::vector<std::uint32_t>& sources) {
    std::vector<ElementNote> notes;
    std::vector<std::uint32_t> outcome_of;
    for (std::uint32_t element = 0; element < sources.size(); ++element) {
        if (sources[element] == merged)
            continue;
        const std::uint32_t added = order.empty() ? sources[element] : order[sources[element]];
        if (const ElementNote* note = made_.note(added)) {
            notes.push_back(*note);
            notes.back().element = element;
        }
        if (!made_.outcome_of_.empty())
            outcome_of.push_back(made_.outcome_of_[added]);
    }
    made_.notes_ = std::move(notes);
    made_.outcome_of_ = std::move(outcome_of);
    order_outcomes();
}

void ElementsBuilder::order_outcomes() {
    std::vector<Outcome> used;
    std::vector<std::uint32_t> number(made_.outcomes_.size(), ~0U);
    for (std::uint32_t& outcome : made_.outcome_of_) {
        if (number[outcome] == ~0U) {
            number[outcome] = static_cast<std::uint32_t>(used.size());
            used.push_back(made_.outcomes_[outcome]);
        }
        outcome = number[outcome];
    }
    made_.outcomes_ = std::move(used);
}

}  // namespace xdpctl::ruleset
