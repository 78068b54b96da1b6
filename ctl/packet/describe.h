// SPDX-License-Identifier: BSD-2-Clause
// A frame in the words of parse.h, for listings: what the filter's parser found in it.
#pragma once

#include <span>
#include <string>

#include "maps/packet.h"

namespace xdpctl::packet {

// `parsed` is what the entry program made of `frame`. What the words do not say, such as options, is left out.
[[nodiscard]] std::string describe(const xdpctl_packet& parsed, std::span<const std::byte> frame);

}  // namespace xdpctl::packet
