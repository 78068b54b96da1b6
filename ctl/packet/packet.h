// SPDX-License-Identifier: BSD-2-Clause
// A packet as an operator describes it: plain data, made from text by parse.h and turned into a frame by build.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "ruleset/model.h"

namespace xdpctl::packet {

using Bytes = std::vector<std::byte>;

enum class Kind : std::uint8_t { Tcp, Udp, Sctp, Icmp, Icmpv6, Arp, Ip, Ip6, Ether, Hex };

// IEEE 802.1Q; the outermost comes first.
struct Tag {
    std::uint16_t id = 0;
    std::uint8_t priority = 0;
    bool drop_eligible = false;
};

struct Fragment {
    std::uint16_t offset = 0;  // in bytes, a multiple of eight
    bool more = false;
};

// Which members count depends on the kind; the others keep their defaults.
struct Packet {
    Kind kind = Kind::Tcp;

    ruleset::Value ether_saddr = 0x020000000001;
    ruleset::Value ether_daddr = 0x020000000002;
    std::vector<Tag> tags;
    std::uint16_t ether_type = 0;  // Ether

    bool is_ipv6 = false;
    ruleset::Value saddr = 0;    // of ARP the sender's
    ruleset::Value daddr = 0;    // of ARP the target's
    std::uint8_t protocol = 59;  // Ip, Ip6: none
    std::uint8_t ttl = 64;
    std::uint8_t dscp = 0;
    std::uint8_t ecn = 0;
    std::uint32_t id = 0;  // of IPv4, and of the fragment header
    std::uint32_t flow_label = 0;
    bool dont_fragment = false;
    std::optional<Fragment> fragment;

    std::uint16_t sport = 40000;
    std::uint16_t dport = 0;
    std::uint8_t tcp_flags = 0;
    std::uint32_t sequence = 0;  // TCP's, or the lower half of it of an ICMP echo
    std::uint32_t acknowledgement = 0;
    std::uint16_t window = 65535;
    std::uint8_t type = 0;  // ICMP, ICMPv6
    std::uint8_t code = 0;
    std::uint16_t echo_id = 0;
    std::uint16_t operation = 1;  // ARP

    Bytes payload;
    std::optional<std::uint16_t> length;  // from the IP header on: zeros follow the payload
    std::optional<std::size_t> cut;       // bytes of the frame that are left
    Bytes frame;                          // Hex
};

// What stands behind a later fragment's IP header belongs to a transport header that is elsewhere.
[[nodiscard]] inline bool has_transport(const Packet& packet) {
    return !packet.fragment || packet.fragment->offset == 0;
}

}  // namespace xdpctl::packet
