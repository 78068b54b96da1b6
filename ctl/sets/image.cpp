// SPDX-License-Identifier: BSD-2-Clause
#include "sets/image.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "sets/hash.h"
#include "sets/ranges.h"
#include "sets/trie.h"

namespace xdpctl::sets {

namespace {

Bytes begin_image() {
    return Bytes(sizeof(xdpctl_set_head));
}

Result<Bytes> finish_image(xdpctl_set_head head, Bytes image) {
    image.resize(image.size() + XDPCTL_SET_TAIL);
    if (image.size() > std::numeric_limits<std::uint32_t>::max())
        return fail(ErrorKind::Limit, fmt::format("cannot make a set of {} bytes", image.size()), "the limit is 4 GiB");
    head.size = static_cast<std::uint32_t>(image.size());
    std::memcpy(image.data(), &head, sizeof(head));
    return image;
}

template <typename Range>
std::vector<Range> joined(std::span<const Range> ranges) {
    std::vector<Range> out;
    out.reserve(ranges.size());
    for (const Range& range : ranges) {
        if (!out.empty() && range.first != 0 && out.back().last == range.first - 1)
            out.back().last = range.last;
        else
            out.push_back(range);
    }
    return out;
}

template <typename Range>
bool is_single(const Range& range) {
    return range.first == range.last;
}

// Numbers on their own, far from others, take a leaf each in the trie and a slot in the hash. Looking into both costs a
// packet another load, which many of them are worth.
constexpr std::size_t hashed_min = 4'096;

bool is_lonely(std::span<const Range32> ranges, std::size_t i) {
    constexpr std::uint32_t near = 256;
    return is_single(ranges[i]) && (i == 0 || ranges[i].first - ranges[i - 1].last >= near) &&
           (i + 1 == ranges.size() || ranges[i + 1].first - ranges[i].last >= near);
}

struct Parts {
    std::vector<Range32> trie;
    std::vector<std::uint32_t> hash;
};

Parts divide(std::vector<Range32> ranges) {
    Parts parts;
    if (std::ranges::all_of(ranges, is_single<Range32>)) {
        for (const Range32& range : ranges)
            parts.hash.push_back(range.first);
        return parts;
    }
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        if (is_lonely(ranges, i))
            parts.hash.push_back(ranges[i].first);
        else
            parts.trie.push_back(ranges[i]);
    }
    if (parts.hash.size() >= std::max(hashed_min, parts.trie.size()))
        return parts;
    return {std::move(ranges), {}};
}

std::vector<std::uint32_t> words_of(std::span<const Range128> singles) {
    std::vector<std::uint32_t> words;
    words.reserve(singles.size() * 4);
    for (const Range128& single : singles)
        for (const unsigned shift : {96U, 64U, 32U, 0U})
            words.push_back(static_cast<std::uint32_t>(single.first >> shift));
    return words;
}

}  // namespace

Result<Bytes> make_image(std::span<const Range32> ranges) {
    Parts parts = divide(joined(ranges));
    xdpctl_set_head head{};
    head.words = 1;
    Bytes image = begin_image();
    if (!parts.hash.empty() && !append_hash(parts.hash, 1, head, image))
        parts.trie = joined(ranges);
    if (!parts.trie.empty())
        append_trie(parts.trie, head, image);
    return finish_image(head, std::move(image));
}

Result<Bytes> make_image(std::span<const Range128> ranges) {
    xdpctl_set_head head{};
    head.words = 4;
    Bytes image = begin_image();
    if (std::ranges::all_of(ranges, is_single<Range128>) && !ranges.empty() &&
        append_hash(words_of(ranges), 4, head, image))
        return finish_image(head, std::move(image));
    const std::vector<Range128> whole = joined(ranges);
    if (!whole.empty())
        append_ranges(whole, head, image);
    return finish_image(head, std::move(image));
}

Result<Bytes> make_image(std::span<const std::uint32_t> keys, std::uint32_t words) {
    const std::uint32_t width = hash_words(words);
    std::vector<std::uint32_t> padded(keys.size() / words * width);
    for (std::size_t key = 0; key < keys.size() / words; ++key)
        std::ranges::copy(keys.subspan(key * words, words), padded.begin() + static_cast<std::ptrdiff_t>(key * width));
    xdpctl_set_head head{};
    head.words = width;
    Bytes image = begin_image();
    if (!padded.empty() && !append_hash(padded, width, head, image))
        return fail(ErrorKind::Limit, "cannot place the elements of a set in a hash table",
                    "too many of them share one place in it, as if they were chosen for it");
    return finish_image(head, std::move(image));
}

void append_elements(Bytes& image, std::span<const std::byte> keys, bool wide, std::uint64_t count,
                     std::span<const std::byte> notes) {
    xdpctl_set_head head = head_of(image);
    image.resize(image.size() - XDPCTL_SET_TAIL);
    head.elements = append<std::byte>(image, keys);
    head.wide = wide ? 1 : 0;
    head.element_count = count;
    head.notes = append<std::byte>(image, notes);
    head.notes_size = static_cast<std::uint32_t>(notes.size());
    image.resize(image.size() + XDPCTL_SET_TAIL);
    head.size = static_cast<std::uint32_t>(image.size());
    std::memcpy(image.data(), &head, sizeof(head));
}

bool holds(std::span<const std::byte> image, const xdpctl_set_key& key) {
    const std::uint64_t end = image.size() - XDPCTL_SET_TAIL;
    const auto held = [&](std::uint32_t words) {
        return xdpctl_set_image_holds(image.data(), end, &head_of(image).parts, key.words, words) != 0;
    };
    switch (head_of(image).words) {
    case 1:
        return held(1);
    case 2:
        return held(2);
    case 4:
        return held(4);
    default:
        return held(XDPCTL_SET_KEY_WORDS);
    }
}

}  // namespace xdpctl::sets
