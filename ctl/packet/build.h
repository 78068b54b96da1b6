// SPDX-License-Identifier: BSD-2-Clause
// A described packet to its bytes, from the Ethernet header on: lengths, types and checksums are right.
#pragma once

#include "packet/packet.h"

namespace xdpctl::packet {

[[nodiscard]] Bytes build(const Packet& packet);

// Bytes of all headers from the IP header on: what `length` has to hold at least.
[[nodiscard]] std::size_t header_size(const Packet& packet);

}  // namespace xdpctl::packet
