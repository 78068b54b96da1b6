// SPDX-License-Identifier: BSD-2-Clause
// Layers are written from the last to the first: each needs the bytes behind it, and what they are.
#include "support/packet.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <span>
#include <stdexcept>
#include <utility>

namespace xdpctl::test {

namespace {

constexpr std::uint8_t protocol_none = 59;
constexpr std::uint8_t protocol_authentication = 51;

class Writer {
public:
    Writer& u8(std::uint8_t value) {
        bytes_.push_back(std::byte{value});
        return *this;
    }
    Writer& u16(std::uint16_t value) {
        return u8(static_cast<std::uint8_t>(value >> 8)).u8(static_cast<std::uint8_t>(value & 0xff));
    }
    Writer& u32(std::uint32_t value) {
        return u16(static_cast<std::uint16_t>(value >> 16)).u16(static_cast<std::uint16_t>(value & 0xffff));
    }
    Writer& append(std::span<const std::byte> bytes) {
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
        return *this;
    }
    Writer& mac(const MacAddress& address) { return append(std::as_bytes(std::span(address))); }
    [[nodiscard]] Bytes take() { return std::move(bytes_); }

private:
    Bytes bytes_;
};

Bytes address(int family, const std::string& text) {
    Bytes bytes(family == AF_INET ? 4 : 16);
    if (inet_pton(family, text.c_str(), bytes.data()) != 1)
        throw std::invalid_argument("not an address: " + text);
    return bytes;
}

// RFC 1071.
std::uint16_t internet_checksum(std::span<const std::byte> bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        sum += std::to_integer<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
}

void store(Bytes& bytes, std::size_t offset, std::uint16_t value) {
    bytes[offset] = static_cast<std::byte>(value >> 8);
    bytes[offset + 1] = static_cast<std::byte>(value & 0xff);
}

// What stands behind the layer being written.
struct Rest {
    Bytes bytes;
    std::uint16_t ether_type = 0x0800;
    std::uint8_t protocol = protocol_none;
};

// Addresses of the IP header in front of a transport layer, as its checksum covers them.
Bytes pseudo_header(std::span<const Layer> before) {
    for (std::size_t i = before.size(); i-- > 0;) {
        if (const auto* ip = std::get_if<Ipv4>(&before[i]))
            return Writer().append(address(AF_INET, ip->saddr)).append(address(AF_INET, ip->daddr)).take();
        if (const auto* ip = std::get_if<Ipv6>(&before[i]))
            return Writer().append(address(AF_INET6, ip->saddr)).append(address(AF_INET6, ip->daddr)).take();
    }
    return {};
}

std::uint16_t transport_checksum(std::span<const std::byte> addresses, std::uint8_t protocol,
                                 std::span<const std::byte> segment) {
    const auto sum = internet_checksum(Writer()
                                           .append(addresses)
                                           .u32(static_cast<std::uint32_t>(segment.size()))
                                           .u32(protocol)
                                           .append(segment)
                                           .take());
    return protocol == IPPROTO_UDP && sum == 0 ? 0xffff : sum;
}

// CRC32c as SCTP has it (RFC 9260, appendix A).
std::uint32_t crc32c(std::span<const std::byte> bytes) {
    std::uint32_t crc = 0xffffffff;
    for (const std::byte byte : bytes) {
        crc ^= std::to_integer<std::uint32_t>(byte);
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
    }
    return ~crc;
}

// Puts one layer in front of the rest.
class Builder {
public:
    Builder(std::span<const Layer> before, Rest& rest) : before_(before), rest_(rest) {}

    void operator()(const Bytes& payload) { prepend(Writer().append(payload)); }

    void operator()(const Ether& ether) {
        prepend(Writer().mac(ether.daddr).mac(ether.saddr).u16(ether.type.value_or(rest_.ether_type)));
    }

    void operator()(const Vlan& vlan) {
        const int control = (vlan.priority << 13) | (vlan.drop_eligible ? 0x1000 : 0) | (vlan.id & 0xfff);
        prepend(Writer().u16(static_cast<std::uint16_t>(control)).u16(vlan.type.value_or(rest_.ether_type)));
        rest_.ether_type = vlan.tpid;
    }

    void operator()(const Arp& arp) {
        prepend(Writer()
                    .u16(arp.hardware_type)
                    .u16(arp.protocol_type)
                    .u8(arp.hardware_length)
                    .u8(arp.protocol_length)
                    .u16(arp.operation)
                    .mac(arp.sender_ether)
                    .append(address(AF_INET, arp.sender))
                    .mac(arp.target_ether)
                    .append(address(AF_INET, arp.target)));
        rest_.ether_type = 0x0806;
    }

    void operator()(const Ipv4& ip) {
        const std::size_t size = 20 + ip.options.size();
        const auto words = ip.header_words.value_or(static_cast<std::uint8_t>(size / 4));
        const int fragment =
            (ip.dont_fragment ? 0x4000 : 0) | (ip.more_fragments ? 0x2000 : 0) | (ip.fragment_offset & 0x1fff);
        Bytes header = Writer()
                           .u8(static_cast<std::uint8_t>((ip.version << 4) | (words & 0xf)))
                           .u8(0)
                           .u16(ip.total_length.value_or(static_cast<std::uint16_t>(size + rest_.bytes.size())))
                           .u16(ip.id)
                           .u16(static_cast<std::uint16_t>(fragment))
                           .u8(ip.ttl)
                           .u8(ip.protocol.value_or(rest_.protocol))
                           .u16(0)
                           .append(address(AF_INET, ip.saddr))
                           .append(address(AF_INET, ip.daddr))
                           .append(ip.options)
                           .take();
        store(header, 10, ip.checksum.value_or(internet_checksum(header)));
        prepend(std::move(header));
        rest_.ether_type = 0x0800;
    }

    void operator()(const Ipv6& ip) {
        prepend(Writer()
                    .u32(static_cast<std::uint32_t>(ip.version) << 28)
                    .u16(ip.payload_length.value_or(static_cast<std::uint16_t>(rest_.bytes.size())))
                    .u8(ip.next_header.value_or(rest_.protocol))
                    .u8(ip.hop_limit)
                    .append(address(AF_INET6, ip.saddr))
                    .append(address(AF_INET6, ip.daddr)));
        rest_.ether_type = 0x86dd;
    }

    void operator()(const Extension& extension) {
        const std::size_t length =
            extension.protocol == protocol_authentication ? extension.size / 4 - 2 : extension.size / 8 - 1;
        Bytes header = Writer()
                           .u8(extension.next_header.value_or(rest_.protocol))
                           .u8(extension.length.value_or(static_cast<std::uint8_t>(length)))
                           .take();
        header.resize(extension.size);
        // Filled with a PadN option: valid as hop-by-hop and destination options.
        header[2] = std::byte{1};
        header[3] = static_cast<std::byte>(std::min<std::size_t>(extension.size - 4, 0xff));
        prepend(std::move(header));
        rest_.protocol = extension.protocol;
    }

    void operator()(const Fragment& fragment) {
        prepend(Writer()
                    .u8(fragment.next_header.value_or(rest_.protocol))
                    .u8(0)
                    .u16(static_cast<std::uint16_t>((fragment.offset << 3) | (fragment.more ? 1 : 0)))
                    .u32(fragment.id));
        rest_.protocol = IPPROTO_FRAGMENT;
    }

    void operator()(const Tcp& tcp) {
        const auto words = tcp.header_words.value_or(static_cast<std::uint8_t>(5 + tcp.options.size() / 4));
        Bytes header = Writer()
                           .u16(tcp.sport)
                           .u16(tcp.dport)
                           .u32(0)
                           .u32(0)
                           .u8(static_cast<std::uint8_t>(words << 4))
                           .u8(tcp.flags)
                           .u16(0xffff)
                           .u16(0)
                           .u16(0)
                           .append(tcp.options)
                           .take();
        prepend_transport(std::move(header), 16, tcp.checksum, IPPROTO_TCP);
    }

    void operator()(const Udp& udp) {
        const auto length = udp.length.value_or(static_cast<std::uint16_t>(8 + rest_.bytes.size()));
        prepend_transport(Writer().u16(udp.sport).u16(udp.dport).u16(length).u16(0).take(), 6, udp.checksum,
                          IPPROTO_UDP);
    }

    void operator()(const Sctp& sctp) {
        prepend(Writer().u16(sctp.sport).u16(sctp.dport).u32(0).u32(0));
        const std::uint32_t checksum = crc32c(rest_.bytes);
        for (std::size_t i = 0; i < 4; ++i)  // least significant byte first
            rest_.bytes[8 + i] = static_cast<std::byte>(checksum >> (8 * i) & 0xff);
        rest_.protocol = IPPROTO_SCTP;
    }

    void operator()(const Icmp& icmp) {
        Bytes header = Writer().u8(icmp.type).u8(icmp.code).u16(0).u32(0).take();
        const auto sum = internet_checksum(Writer().append(header).append(rest_.bytes).take());
        store(header, 2, icmp.checksum.value_or(sum));
        prepend(std::move(header));
        rest_.protocol = IPPROTO_ICMP;
    }

    void operator()(const Icmpv6& icmp) {
        prepend_transport(Writer().u8(icmp.type).u8(icmp.code).u16(0).u32(0).take(), 2, icmp.checksum, IPPROTO_ICMPV6);
    }

private:
    void prepend(Bytes header) {
        header.insert(header.end(), rest_.bytes.begin(), rest_.bytes.end());
        rest_.bytes = std::move(header);
    }
    void prepend(Writer& header) { prepend(header.take()); }
    void prepend(Writer&& header) { prepend(header.take()); }

    void prepend_transport(Bytes header, std::size_t checksum_offset, std::optional<std::uint16_t> checksum,
                           std::uint8_t protocol) {
        prepend(std::move(header));
        store(rest_.bytes, checksum_offset,
              checksum ? *checksum : transport_checksum(pseudo_header(before_), protocol, rest_.bytes));
        rest_.protocol = protocol;
    }

    std::span<const Layer> before_;
    Rest& rest_;
};

}  // namespace

Bytes frame(const std::vector<Layer>& layers) {
    Rest rest;
    for (std::size_t i = layers.size(); i-- > 0;)
        std::visit(Builder(std::span(layers).first(i), rest), layers[i]);
    return std::move(rest.bytes);
}

Bytes cut(Bytes frame, std::size_t size) {
    frame.resize(std::min(size, frame.size()));
    return frame;
}

Bytes pad(Bytes frame, std::size_t size) {
    frame.resize(std::max(size, frame.size()));
    return frame;
}

std::string hex(std::span<const std::byte> bytes) {
    std::string out;
    for (const std::byte byte : bytes)
        out += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
    return out;
}

}  // namespace xdpctl::test
