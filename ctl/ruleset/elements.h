// SPDX-License-Identifier: BSD-2-Clause
// The elements of a set or verdict map: sorted, without overlaps, compact enough for millions of them, and shared
// between the copies of a ruleset.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/types.h"
#include "ruleset/interval.h"
#include "ruleset/verdict.h"

namespace xdpctl::ruleset {

// What an element can have beside its key. Few elements do, so notes are kept apart.
struct ElementNote {
    std::uint32_t element = 0;            // its index
    std::chrono::milliseconds timeout{};  // 0: the set's
    std::chrono::milliseconds expires{};  // what is left of the timeout; 0: all of it
    std::optional<Count> counter;         // what the element's counter starts with
    std::string comment;
    bool operator==(const ElementNote&) const = default;

    [[nodiscard]] bool empty() const {
        return timeout.count() == 0 && expires.count() == 0 && !counter && comment.empty();
    }
};

// An interval of values of up to 32 bits.
struct NarrowInterval {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    bool operator==(const NarrowInterval&) const = default;
};

// Names of interfaces are kept as the 128-bit number that their 16 bytes make, wildcards as the run of their names
// (ruleset/ifname.h).
class Elements {
public:
    Elements() = default;

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    // How many values make a key: more than one in a concatenation.
    [[nodiscard]] std::size_t parts() const { return parts_; }
    [[nodiscard]] Interval interval(std::size_t element, std::size_t part = 0) const {
        const std::size_t index = element * parts_ + part;
        if (const auto* narrow = std::get_if<Narrow>(&keys_))
            return {(*narrow)[index].first, (*narrow)[index].last};
        return std::get<Wide>(keys_)[index];
    }
    // All keys, element by element, part by part; empty when they are kept in the other width.
    [[nodiscard]] std::span<const NarrowInterval> narrow() const;
    [[nodiscard]] std::span<const Interval> wide() const;

    [[nodiscard]] std::span<const ElementNote> notes() const { return notes_; }  // by element
    [[nodiscard]] const ElementNote* note(std::size_t element) const;            // null when it has none

    // Of a verdict map: the different outcomes, and which of them an element has.
    [[nodiscard]] std::span<const Outcome> outcomes() const { return outcomes_; }
    [[nodiscard]] std::size_t outcome_of(std::size_t element) const { return outcome_of_[element]; }

    bool operator==(const Elements&) const = default;

private:
    friend class ElementsBuilder;
    using Narrow = std::vector<NarrowInterval>;
    using Wide = std::vector<Interval>;

    std::size_t size_ = 0;
    std::size_t parts_ = 1;
    std::variant<Narrow, Wide> keys_;
    std::vector<ElementNote> notes_;
    std::vector<Outcome> outcomes_;
    std::vector<std::uint32_t> outcome_of_;
};

// Shared by copies; equal when the elements are.
class SharedElements {
public:
    SharedElements() = default;
    explicit SharedElements(Elements elements) : elements_(std::make_shared<const Elements>(std::move(elements))) {}

    [[nodiscard]] const Elements& operator*() const;
    [[nodiscard]] const Elements* operator->() const { return &**this; }
    bool operator==(const SharedElements& other) const { return elements_ == other.elements_ || **this == *other; }

private:
    std::shared_ptr<const Elements> elements_;  // null: none
};

// Reads elements in any order and makes them what a set holds.
class ElementsBuilder {
public:
    // What becomes of elements that overlap.
    enum class Overlap : std::uint8_t {
        Refuse,  // only the same element twice is good: the later one counts
        Keep,    // they stay: boxes of a concatenation
        // They become one, as do neighbours, and lose their comments; for keys of one part without outcomes. Those that
        // expire or count stay apart from neighbours, and overlap nothing.
        Merge,
    };
    // `bits` of the widest part of a key; 0 for names.
    ElementsBuilder(std::size_t parts, unsigned bits);
    // Goes on with elements that were built before.
    explicit ElementsBuilder(Elements elements) : made_(std::move(elements)) {}

    void reserve(std::size_t elements);
    // One element: `parts` intervals.
    void add(std::span<const Interval> key);
    void add(const Interval& key) { add(std::span(&key, 1)); }
    // Of the element that was added last.
    void note(ElementNote note);
    void outcome(const Outcome& outcome);
    [[nodiscard]] std::size_t size() const { return made_.size_; }
    // In the outcomes so far.
    void rename_chain(std::string_view old_name, const std::string& new_name);

    // The keys of two elements that overlap and must not.
    struct Conflict {
        std::vector<Interval> first;
        std::vector<Interval> second;
    };
    [[nodiscard]] std::expected<Elements, Conflict> finish(Overlap overlap) &&;

private:
    // Notes and outcomes go where their keys went.
    void follow_keys(const std::vector<std::uint32_t>& order, const std::vector<std::uint32_t>& sources);
    // Outcomes come in the order of the first element that has each, so that equal maps are equal.
    void order_outcomes();

    Elements made_;
};

}  // namespace xdpctl::ruleset
