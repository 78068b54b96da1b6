// SPDX-License-Identifier: BSD-2-Clause
// A frame in the words of parse.h, for listings: what the filter's parser found in it.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "maps/packet.h"

namespace xdpctl::packet {

// `parsed` is what the entry program made of `frame`, of which the first bytes may be all that is there. What the words
// do not say, such as options, is left out.
[[nodiscard]] std::string describe(const xdpctl_packet& parsed, std::span<const std::byte> frame, std::size_t length);
[[nodiscard]] inline std::string describe(const xdpctl_packet& parsed, std::span<const std::byte> frame) {
    return describe(parsed, frame, frame.size());
}

}  // namespace xdpctl::packet
