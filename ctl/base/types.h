// SPDX-License-Identifier: BSD-2-Clause
// Strong types for numbers that must not be mixed up.
#pragma once

#include <compare>
#include <cstdint>

namespace xdpctl {

// A network device's index in its network namespace; 0 is no device.
enum class IfIndex : std::uint32_t {};

// Identity of a table, chain or rule: unique in a ruleset, never used again; 0 is none yet.
enum class Handle : std::uint64_t {};

// Index into the map `limits` of a generation.
enum class LimitSlot : std::uint32_t {};

// Index into a chain's `rule_counters` and `rule_slots` maps.
enum class RuleSlot : std::uint32_t {};

// Index into a chain's `devices` map.
enum class DeviceSlot : std::uint16_t {};

// A count as nftables counts: packets, and bytes as defined by xdpctl_packet.length.
struct Count {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;

    auto operator<=>(const Count&) const = default;
    Count& operator+=(const Count& other) {
        packets += other.packets;
        bytes += other.bytes;
        return *this;
    }
    friend Count operator+(Count a, const Count& b) { return a += b; }
};

}  // namespace xdpctl
