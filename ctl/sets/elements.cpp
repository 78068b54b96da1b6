// SPDX-License-Identifier: BSD-2-Clause
#include "sets/elements.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "sets/image.h"

namespace xdpctl::sets {

namespace {

using ruleset::ElementNote;
using ruleset::Elements;
using ruleset::ElementsBuilder;
using ruleset::Set;

constexpr unsigned word_bits = 32;
constexpr unsigned number_bits = 128;

// The range of numbers aligned to the left that begin with one of the interval.
Range32 aligned32(const ruleset::Interval& interval, unsigned bits) {
    const unsigned shift = word_bits - bits;
    const auto first = static_cast<std::uint32_t>(interval.first) << shift;
    const auto last = static_cast<std::uint32_t>(interval.last) << shift;
    return {first, last | ((1U << shift) - 1)};
}

Range128 aligned128(const ruleset::Interval& interval, unsigned bits) {
    const unsigned shift = number_bits - bits;
    return {interval.first << shift, interval.last << shift | ((Number128{1} << shift) - 1)};
}

Result<Bytes> image_of_keys(const Set& set, const KeyLayout& layout) {
    const Elements& elements = *set.elements;
    const std::uint32_t words = layout.words();
    std::vector<std::uint32_t> keys;
    keys.reserve(elements.size() * words);
    std::vector<Number128> values(layout.parts());
    for (std::size_t element = 0; element < elements.size(); ++element) {
        for (std::size_t part = 0; part < values.size(); ++part) {
            const ruleset::Interval interval = elements.interval(element, part);
            if (interval.first != interval.last)
                return fail(ErrorKind::Unsupported, fmt::format("cannot make set {}", set.name),
                            fmt::format("a concatenation with ranges can have few elements, and this one has {}",
                                        elements.size()),
                            "write the values of the ranges as elements of their own");
            values[part] = interval.first;
        }
        const xdpctl_set_key key = layout.key(values);
        keys.insert(keys.end(), std::begin(key.words), std::begin(key.words) + words);
    }
    return make_image(std::span<const std::uint32_t>(keys), words);
}

Result<Bytes> image_of_numbers(const Set& set, unsigned bits) {
    const Elements& elements = *set.elements;
    if (bits == word_bits)
        return make_image(elements.narrow());
    if (bits < word_bits) {
        std::vector<Range32> ranges;
        for (const Range32& interval : elements.narrow())
            ranges.push_back(aligned32({interval.first, interval.last}, bits));
        return make_image(std::span<const Range32>(ranges));
    }
    if (bits == number_bits)
        return make_image(elements.wide());
    std::vector<Range128> ranges;
    for (const Range128& interval : elements.wide())
        ranges.push_back(aligned128(interval, bits));
    return make_image(std::span<const Range128>(ranges));
}

// An element's number and the bytes of its comment; what expires or counts is not in images.
void append_note(Bytes& notes, const ElementNote& note) {
    const std::uint32_t head[] = {note.element, static_cast<std::uint32_t>(note.comment.size())};
    const auto head_bytes = std::as_bytes(std::span(head));
    const auto comment = std::as_bytes(std::span(note.comment));
    notes.insert(notes.end(), head_bytes.begin(), head_bytes.end());
    notes.insert(notes.end(), comment.begin(), comment.end());
}

std::optional<ElementNote> take_note(std::span<const std::byte>& notes) {
    std::uint32_t head[2];
    if (notes.size() < sizeof(head))
        return std::nullopt;
    std::memcpy(head, notes.data(), sizeof(head));
    notes = notes.subspan(sizeof(head));
    if (notes.size() < head[1])
        return std::nullopt;
    ElementNote note;
    note.element = head[0];
    note.comment.assign(reinterpret_cast<const char*>(notes.data()), head[1]);
    notes = notes.subspan(head[1]);
    return note;
}

std::optional<std::span<const std::byte>> part_of(std::span<const std::byte> image, std::uint64_t offset,
                                                  std::uint64_t size) {
    if (offset > image.size() || size > image.size() - offset)
        return std::nullopt;
    return image.subspan(offset, size);
}

template <typename Key>
void add_elements(ElementsBuilder& builder, std::span<const std::byte> keys, std::size_t parts,
                  std::span<const ElementNote> notes) {
    std::vector<ruleset::Interval> element(parts);
    const std::size_t count = keys.size() / sizeof(Key) / parts;
    builder.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t part = 0; part < parts; ++part) {
            Key key;
            std::memcpy(&key, keys.data() + (i * parts + part) * sizeof(Key), sizeof(Key));
            element[part] = {key.first, key.last};
        }
        builder.add(element);
        if (!notes.empty() && notes.front().element == i) {
            builder.note(notes.front());
            notes = notes.subspan(1);
        }
    }
}

}  // namespace

KeyLayout layout_of(const Set& set) {
    std::vector<unsigned> bits;
    for (const ruleset::KeyPart& part : set.key)
        bits.push_back(part.bits);
    return KeyLayout(std::move(bits));
}

Result<Bytes> image_of(const Set& set) {
    const KeyLayout layout = layout_of(set);
    auto image = layout.is_number() ? image_of_numbers(set, layout.bits(0)) : image_of_keys(set, layout);
    if (!image)
        return image;
    const Elements& elements = *set.elements;
    Bytes notes;
    for (const ElementNote& note : elements.notes())
        append_note(notes, note);
    const bool wide = !elements.wide().empty();
    append_elements(*image, wide ? std::as_bytes(elements.wide()) : std::as_bytes(elements.narrow()), wide,
                    elements.size(), notes);
    return image;
}

Result<Elements> elements_of(std::span<const std::byte> image, const Set& set) {
    const auto refuse = [&](std::string_view why) {
        return fail(ErrorKind::Failed, fmt::format("cannot read the elements of set {}", set.name), std::string(why));
    };
    if (image.size() < sizeof(xdpctl_set_head))
        return refuse("its image is too short");
    const xdpctl_set_head& head = head_of(image);
    const std::size_t parts = set.key.size();
    const std::size_t key_size = (head.wide != 0 ? sizeof(Range128) : sizeof(Range32)) * parts;
    if (head.element_count > image.size() / key_size)
        return refuse("its image says that it has more than fit into it");
    const auto keys = part_of(image, head.elements, head.element_count * key_size);
    auto note_bytes = part_of(image, head.notes, head.notes_size);
    if (!keys || !note_bytes)
        return refuse("its image names places behind its end");
    std::vector<ElementNote> notes;
    while (!note_bytes->empty()) {
        auto note = take_note(*note_bytes);
        if (!note || note->element >= head.element_count || (!notes.empty() && note->element <= notes.back().element))
            return refuse("a comment in its image belongs to no element");
        notes.push_back(*std::move(note));
    }
    ElementsBuilder builder(parts, std::ranges::max(set.key, {}, &ruleset::KeyPart::bits).bits);
    if (head.wide != 0)
        add_elements<Range128>(builder, *keys, parts, notes);
    else
        add_elements<Range32>(builder, *keys, parts, notes);
    auto elements = std::move(builder).finish(ElementsBuilder::Overlap::Refuse);
    if (!elements || elements->size() != head.element_count)
        return refuse("elements in its image overlap");
    return *std::move(elements);
}

}  // namespace xdpctl::sets
