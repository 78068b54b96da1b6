// SPDX-License-Identifier: BSD-2-Clause
#include "top/keys.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace xdpctl::top {

namespace {

using Kind = Key::Kind;

constexpr std::pair<std::string_view, Kind> sequences[] = {
    {"\033[A", Kind::Up},      {"\033OA", Kind::Up},        {"\033[B", Kind::Down}, {"\033OB", Kind::Down},
    {"\033[5~", Kind::PageUp}, {"\033[6~", Kind::PageDown}, {"\033[H", Kind::Home}, {"\033OH", Kind::Home},
    {"\033[1~", Kind::Home},   {"\r", Kind::Enter},         {"\n", Kind::Enter},    {"\177", Kind::Backspace},
    {"\b", Kind::Backspace},
};

// Length of a control sequence that begins the bytes (ECMA-48, 5.4): up to its final byte.
std::size_t sequence_length(std::string_view bytes) {
    std::size_t length = 2;
    while (length < bytes.size() && (bytes[length] < '@' || bytes[length] > '~'))
        ++length;
    return std::min(length + 1, bytes.size());
}

// How many bytes it took.
std::size_t take_key(std::string_view bytes, std::vector<Key>& keys) {
    for (const auto& [sequence, kind] : sequences) {
        if (bytes.starts_with(sequence)) {
            keys.push_back({kind, 0});
            return sequence.size();
        }
    }
    if (bytes.starts_with("\033[") || bytes.starts_with("\033O"))
        return sequence_length(bytes);
    if (bytes.front() == '\033')
        keys.push_back({Kind::Escape, 0});
    else if (static_cast<unsigned char>(bytes.front()) >= ' ')
        keys.push_back({Kind::Character, bytes.front()});
    return 1;
}

}  // namespace

std::vector<Key> parse_keys(std::string_view bytes) {
    std::vector<Key> keys;
    while (!bytes.empty())
        bytes.remove_prefix(take_key(bytes, keys));
    return keys;
}

}  // namespace xdpctl::top
