// SPDX-License-Identifier: BSD-2-Clause
// Frames from their layers: frame({Ether{}, Vlan{.id = 5}, Ipv4{}, Tcp{.dport = 22}, Bytes(10)}). Types, lengths and
// checksums are right unless a layer says otherwise: every optional field overrides what would be computed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace xdpctl::test {

using Bytes = std::vector<std::byte>;
using MacAddress = std::array<std::uint8_t, 6>;

struct Ether {
    MacAddress daddr{0x02, 0, 0, 0, 0, 0x02};
    MacAddress saddr{0x02, 0, 0, 0, 0, 0x01};
    std::optional<std::uint16_t> type = {};
};

struct Vlan {
    std::uint16_t id = 1;
    std::uint8_t priority = 0;
    bool drop_eligible = false;
    std::uint16_t tpid = 0x8100;  // what the layer in front says is next
    std::optional<std::uint16_t> type = {};
};

// IPv4 over Ethernet, unless the sizes and types say otherwise.
struct Arp {
    std::uint16_t operation = 1;
    MacAddress sender_ether{0x02, 0, 0, 0, 0, 0x01};
    std::string sender = "192.0.2.1";
    MacAddress target_ether{};
    std::string target = "192.0.2.2";
    std::uint16_t hardware_type = 1;
    std::uint16_t protocol_type = 0x0800;
    std::uint8_t hardware_length = 6;
    std::uint8_t protocol_length = 4;
};

struct Ipv4 {
    std::string saddr = "192.0.2.1";
    std::string daddr = "198.51.100.1";
    std::optional<std::uint8_t> protocol = {};
    std::uint8_t version = 4;
    Bytes options = {};  // a multiple of four
    std::optional<std::uint8_t> header_words = {};
    std::optional<std::uint16_t> total_length = {};
    std::uint16_t id = 0;
    std::uint16_t fragment_offset = 0;  // in units of eight bytes
    bool more_fragments = false;
    bool dont_fragment = false;
    std::uint8_t ttl = 64;
    std::optional<std::uint16_t> checksum = {};
};

struct Ipv6 {
    std::string saddr = "2001:db8::1";
    std::string daddr = "2001:db8::2";
    std::optional<std::uint8_t> next_header = {};
    std::uint8_t version = 6;
    std::optional<std::uint16_t> payload_length = {};
    std::uint8_t hop_limit = 64;
};

// Any IPv6 extension header but the fragment header.
struct Extension {
    std::uint8_t protocol = 60;  // what the layer in front says is next: destination options
    std::size_t size = 8;        // a multiple of eight; of four for the authentication header
    std::optional<std::uint8_t> next_header = {};
    std::optional<std::uint8_t> length = {};
};

struct Fragment {
    std::uint16_t offset = 0;  // in units of eight bytes
    bool more = false;
    std::uint32_t id = 1;
    std::optional<std::uint8_t> next_header = {};
};

struct Tcp {
    std::uint16_t sport = 1024;
    std::uint16_t dport = 80;
    std::uint8_t flags = 0x02;  // syn
    Bytes options = {};         // a multiple of four
    std::optional<std::uint8_t> header_words = {};
    std::optional<std::uint16_t> checksum = {};
};

struct Udp {
    std::uint16_t sport = 1024;
    std::uint16_t dport = 53;
    std::optional<std::uint16_t> length = {};
    std::optional<std::uint16_t> checksum = {};
};

struct Sctp {
    std::uint16_t sport = 1024;
    std::uint16_t dport = 36412;
};

// Over IPv4; Icmpv6 has the pseudo header in its checksum.
struct Icmp {
    std::uint8_t type = 8;
    std::uint8_t code = 0;
    std::optional<std::uint16_t> checksum = {};
};

struct Icmpv6 {
    std::uint8_t type = 128;
    std::uint8_t code = 0;
    std::optional<std::uint16_t> checksum = {};
};

using Layer = std::variant<Ether, Vlan, Arp, Ipv4, Ipv6, Extension, Fragment, Tcp, Udp, Sctp, Icmp, Icmpv6, Bytes>;

[[nodiscard]] Bytes frame(const std::vector<Layer>& layers);

// The first bytes of a frame, and a frame with Ethernet padding behind it.
[[nodiscard]] Bytes cut(Bytes frame, std::size_t size);
[[nodiscard]] Bytes pad(Bytes frame, std::size_t size = 60);

// For a reader: "020000000001".
[[nodiscard]] std::string hex(std::span<const std::byte> bytes);

}  // namespace xdpctl::test
