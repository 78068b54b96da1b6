// SPDX-License-Identifier: BSD-2-Clause
#include "sets/live_index.h"

#include <algorithm>

namespace xdpctl::sets {

namespace {

constexpr unsigned word_bits = 32;

// The longer prefix's key, cut off behind so many bits.
LiveElement shortened(const LiveElement& element, std::uint32_t bits) {
    LiveElement out{.key = {}, .bits = bits, .value = {}};
    for (std::uint32_t word = 0, left = bits; left > 0; ++word, left -= std::min(left, word_bits)) {
        const std::uint32_t mask = left >= word_bits ? ~0U : ~(~0U >> left);
        out.key.words[word] = element.key.words[word] & mask;
    }
    return out;
}

}  // namespace

bool is_same(const LiveElement& a, const LiveElement& b) {
    return a.bits == b.bits && std::ranges::equal(a.key.words, b.key.words);
}

bool covers(const LiveElement& outer, const LiveElement& inner) {
    return outer.bits <= inner.bits && is_same(shortened(outer, outer.bits), shortened(inner, outer.bits));
}

bool LiveIndex::Less::operator()(const LiveElement& a, const LiveElement& b) const {
    const auto [in_a, in_b] = std::ranges::mismatch(a.key.words, b.key.words);
    return in_a == std::end(a.key.words) ? a.bits < b.bits : *in_a < *in_b;
}

LiveIndex::LiveIndex(std::span<const LiveElement> elements) {
    for (const LiveElement& element : elements)
        put(element);
}

void LiveIndex::put(const LiveElement& element) {
    const auto [place, is_new] = elements_.insert_or_assign({element.key, element.bits, {}}, element.value);
    by_length_.at(element.bits) += is_new ? 1 : 0;
}

void LiveIndex::erase(const LiveElement& element) {
    by_length_.at(element.bits) -= static_cast<std::uint32_t>(elements_.erase({element.key, element.bits, {}}));
}

std::vector<LiveElement> LiveIndex::overlapping(const LiveElement& element) const {
    std::vector<LiveElement> out;
    const auto add = [&](const auto& found) { out.push_back({found.first.key, found.first.bits, found.second}); };
    for (std::uint32_t bits = 0; bits < element.bits; ++bits) {
        if (by_length_.at(bits) == 0)
            continue;
        if (const auto found = elements_.find(shortened(element, bits)); found != elements_.end())
            add(*found);
    }
    for (auto found = elements_.lower_bound(element); found != elements_.end() && covers(element, found->first);
         ++found)
        add(*found);
    return out;
}

}  // namespace xdpctl::sets
