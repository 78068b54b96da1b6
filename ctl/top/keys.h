// SPDX-License-Identifier: BSD-2-Clause
// Bytes from a terminal to keys.
#pragma once

#include <string_view>
#include <vector>

namespace xdpctl::top {

struct Key {
    enum class Kind { Character, Up, Down, PageUp, PageDown, Home, Enter, Backspace, Escape } kind = Kind::Character;
    char character = 0;  // of a Character: one byte

    bool operator==(const Key&) const = default;
};

// Sequences that mean no key of these are left out.
[[nodiscard]] std::vector<Key> parse_keys(std::string_view bytes);

}  // namespace xdpctl::top
