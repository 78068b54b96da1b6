// SPDX-License-Identifier: BSD-2-Clause
#include "compile/set_test.h"

#include <algorithm>

#include "sets/elements.h"

namespace xdpctl::compile {

namespace {

constexpr unsigned word_bits = 32;
constexpr std::uint32_t whole_word = 0xffffffff;

// Bits of a word, counted from its lowest.
struct Bits {
    unsigned low;
    unsigned count;
};

// The bits of a word that are the field's, where `behind` bits of the condition's words follow it.
Bits bits_of_field(const Word& word, unsigned behind, const Condition& field) {
    const unsigned low = std::max(behind, field.shift);
    const unsigned end = std::min(behind + word.bits(), field.shift + field.bits);
    return end <= low ? Bits{0, 0} : Bits{low - behind, end - low};
}

// Adds the word's bits to the key, whose next free bit is `begin`, counted from the left.
void add_pieces(std::vector<KeyPiece>& pieces, Word word, Bits bits, unsigned begin) {
    word.mask &= whole_word >> (word_bits - bits.count) << bits.low;
    const auto key_word = static_cast<std::uint8_t>(begin / word_bits);
    const unsigned end = begin % word_bits + bits.count;
    const auto low = static_cast<std::uint8_t>(bits.low);
    if (end <= word_bits) {
        const auto left = static_cast<std::uint8_t>(word_bits - end);
        pieces.push_back({.word = word, .key_word = key_word, .right = low, .left = left});
        return;
    }
    const unsigned over = end - word_bits;
    pieces.push_back(
        {.word = word, .key_word = key_word, .right = static_cast<std::uint8_t>(bits.low + over), .left = 0});
    word.mask &= whole_word >> (word_bits - over - bits.low);
    pieces.push_back({.word = word,
                      .key_word = static_cast<std::uint8_t>(key_word + 1),
                      .right = low,
                      .left = static_cast<std::uint8_t>(word_bits - over)});
}

}  // namespace

std::optional<std::uint16_t> SetTest::in_packet() const {
    if (pieces.size() != words)
        return std::nullopt;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        const KeyPiece& piece = pieces[i];
        if (!piece.word.in_packet() || piece.word.mask != whole_word || piece.key_word != i || piece.left != 0 ||
            piece.word.offset != pieces.front().word.offset + i * sizeof(std::uint32_t))
            return std::nullopt;
    }
    return pieces.front().word.offset;
}

SetTest set_test(const ruleset::Lookup& lookup, std::span<const Condition> places, const ruleset::Set& set,
                 std::uint32_t number) {
    const sets::KeyLayout layout = sets::layout_of(set);
    SetTest out;
    out.number = number;
    out.negated = lookup.relation == ruleset::Relation::NotEqual;
    out.counts = set.counts;
    if (lookup.fields.size() == 1)
        out.field = lookup.fields.front();
    out.words = layout.words();
    for (std::size_t part = 0; part < places.size(); ++part) {
        const Condition& field = places[part];
        out.headers |= field.headers;
        unsigned begin = layout.begin(part);
        unsigned behind = 0;
        for (const Word& word : field.words)
            behind += word.bits();
        for (const Word& word : field.words) {
            behind -= word.bits();
            const Bits bits = bits_of_field(word, behind, field);
            if (bits.count != 0)
                add_pieces(out.pieces, word, bits, begin);
            begin += bits.count;
        }
    }
    return out;
}

}  // namespace xdpctl::compile
