// SPDX-License-Identifier: BSD-2-Clause
#include "sets/key.h"

#include "sets/hash.h"

namespace xdpctl::sets {

namespace {

constexpr unsigned word_bits = 32;

constexpr unsigned words_of(unsigned bits) {
    return (bits + word_bits - 1) / word_bits;
}

}  // namespace

KeyLayout::KeyLayout(std::vector<unsigned> bits) : bits_(std::move(bits)) {
    unsigned begin = 0;
    for (const unsigned part : bits_) {
        begins_.push_back(begin);
        begin += words_of(part) * word_bits;
    }
}

bool KeyLayout::fits_key(std::span<const unsigned> bits) {
    unsigned words = 0;
    for (const unsigned part : bits)
        words += words_of(part);
    return words <= XDPCTL_SET_KEY_WORDS;
}

std::uint32_t KeyLayout::words() const {
    if (is_number())
        return bits_[0] <= word_bits ? 1 : 4;
    return hash_words(begins_.back() / word_bits + words_of(bits_.back()));
}

xdpctl_set_key KeyLayout::key(std::span<const Number128> values) const {
    xdpctl_set_key key{};
    for (std::size_t part = 0; part < bits_.size(); ++part) {
        const unsigned words = words_of(bits_[part]);
        const Number128 aligned = values[part] << (words * word_bits - bits_[part]);
        for (unsigned word = 0; word < words; ++word)
            key.words[begins_[part] / word_bits + word] =
                static_cast<std::uint32_t>(aligned >> ((words - 1 - word) * word_bits));
    }
    return key;
}

Number128 KeyLayout::value(const xdpctl_set_key& key, std::size_t part) const {
    const unsigned words = words_of(bits_[part]);
    Number128 aligned = 0;
    for (unsigned word = 0; word < words; ++word)
        aligned = aligned << word_bits | key.words[begins_[part] / word_bits + word];
    return aligned >> (words * word_bits - bits_[part]);
}

}  // namespace xdpctl::sets
