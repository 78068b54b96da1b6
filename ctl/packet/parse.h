// SPDX-License-Identifier: BSD-2-Clause
// Text to packets: `tcp 192.0.2.1:1234 > 198.51.100.7:22 flags syn vlan 5`. xdpctl-packet(5) describes the language.
// Pure; safe on hostile input.
#pragma once

#include <optional>
#include <string_view>

#include "base/error.h"
#include "lang/source.h"
#include "packet/packet.h"

namespace xdpctl::packet {

// The bytes of a frame that a description can make at most.
inline constexpr std::size_t frame_size_max = 65535;

// Errors: Input, with line, column and a caret under what is wrong.
[[nodiscard]] Result<Packet> parse(std::string_view text, std::string_view source);

// A packet that is a part of a larger text. Adds what is wrong and returns nothing.
[[nodiscard]] std::optional<Packet> parse(const lang::Sources& sources, std::size_t offset, std::size_t length,
                                          lang::Diagnostics& diagnostics);

}  // namespace xdpctl::packet
