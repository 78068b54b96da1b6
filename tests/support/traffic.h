// SPDX-License-Identifier: BSD-2-Clause
// Real traffic between network namespaces: raw frames, ping, UDP and TCP, each with a timeout. Throws
// std::runtime_error when a socket cannot be set up; a packet that does not arrive is a normal result.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/fd.h"
#include "support/netns.h"

namespace xdpctl::test {

using Frame = std::vector<std::uint8_t>;

inline constexpr std::chrono::milliseconds arrival_timeout(1000);
// How long to wait before believing that nothing comes.
inline constexpr std::chrono::milliseconds silence_timeout(200);

// Sends frames out of a device, and receives those that come in by it (not those sent from it).
class PacketSocket {
public:
    explicit PacketSocket(const VethEnd& end);
    void send(std::span<const std::uint8_t> frame) const;
    // The next frame, its VLAN tag put back when the device carries tags beside the frame. None after the timeout.
    [[nodiscard]] std::optional<Frame> receive(std::chrono::milliseconds timeout = arrival_timeout) const;

private:
    Fd socket_;
};

// One echo request; true when it is answered in time.
[[nodiscard]] bool ping(const Netns& from, const std::string& address,
                        std::chrono::milliseconds timeout = arrival_timeout);

// A UDP socket bound inside a namespace.
class UdpSocket {
public:
    // Port 0: any free port.
    UdpSocket(const Netns& netns, const std::string& address, std::uint16_t port);
    void send(const std::string& address, std::uint16_t port, std::string_view payload) const;
    [[nodiscard]] std::optional<std::string> receive(std::chrono::milliseconds timeout = arrival_timeout) const;

private:
    Fd socket_;
};

// Sends one datagram to a port opened for it; true when it arrives in time.
[[nodiscard]] bool udp_arrives(const Netns& from, const Netns& to, const std::string& address, std::uint16_t port,
                               std::chrono::milliseconds timeout = arrival_timeout);

// Connects to a port that listens for it; true when the handshake completes in time.
[[nodiscard]] bool tcp_connects(const Netns& from, const Netns& to, const std::string& address, std::uint16_t port,
                                std::chrono::milliseconds timeout = arrival_timeout);

}  // namespace xdpctl::test
