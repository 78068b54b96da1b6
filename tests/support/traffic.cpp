// SPDX-License-Identifier: BSD-2-Clause
#include "support/traffic.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "support/command.h"

namespace xdpctl::test {

namespace {

void require(bool ok, std::string_view what) {
    if (!ok)
        throw std::runtime_error(fmt::format("{}: {}", what, std::strerror(errno)));
}

bool wait_for(const Fd& socket, short events, std::chrono::milliseconds timeout) {
    pollfd poll{socket.get(), events, 0};
    return ::poll(&poll, 1, static_cast<int>(timeout.count())) == 1;
}

// An IPv4 or IPv6 socket address, as the calls of <sys/socket.h> take it.
class SocketAddress {
public:
    SocketAddress(const std::string& address, std::uint16_t port) {
        sockaddr_in ipv4{};
        sockaddr_in6 ipv6{};
        if (::inet_pton(AF_INET, address.c_str(), &ipv4.sin_addr) == 1) {
            ipv4.sin_family = AF_INET;
            ipv4.sin_port = htons(port);
            store(ipv4);
        } else if (::inet_pton(AF_INET6, address.c_str(), &ipv6.sin6_addr) == 1) {
            ipv6.sin6_family = AF_INET6;
            ipv6.sin6_port = htons(port);
            store(ipv6);
        } else {
            throw std::runtime_error(fmt::format("not an address: {}", address));
        }
    }
    [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
    [[nodiscard]] socklen_t size() const { return size_; }
    [[nodiscard]] int family() const { return storage_.ss_family; }

private:
    template <typename Address>
    void store(const Address& address) {
        std::memcpy(&storage_, &address, sizeof address);
        size_ = sizeof address;
    }
    sockaddr_storage storage_{};
    socklen_t size_ = 0;
};

Fd open_socket(const Netns& netns, int family, int type) {
    return netns.run([&] {
        Fd socket(::socket(family, type | SOCK_CLOEXEC, 0));
        require(socket.valid(), "socket");
        return socket;
    });
}

void bind_socket(const Fd& socket, const SocketAddress& address) {
    const int on = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    require(::bind(socket.get(), address.get(), address.size()) == 0, "bind");
}

// The VLAN tag a received frame was stripped of.
std::optional<tpacket_auxdata> stripped_tag(msghdr& message) {
    for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr; control = CMSG_NXTHDR(&message, control)) {
        if (control->cmsg_level != SOL_PACKET || control->cmsg_type != PACKET_AUXDATA)
            continue;
        tpacket_auxdata auxdata{};
        std::memcpy(&auxdata, CMSG_DATA(control), sizeof auxdata);
        if ((auxdata.tp_status & TP_STATUS_VLAN_VALID) != 0)
            return auxdata;
    }
    return std::nullopt;
}

void insert_tag(Frame& frame, const tpacket_auxdata& tag) {
    const std::uint16_t tpid = (tag.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0 ? tag.tp_vlan_tpid : ETH_P_8021Q;
    const std::array<std::uint8_t, 4> bytes{
        static_cast<std::uint8_t>(tpid >> 8), static_cast<std::uint8_t>(tpid & 0xff),
        static_cast<std::uint8_t>(tag.tp_vlan_tci >> 8), static_cast<std::uint8_t>(tag.tp_vlan_tci & 0xff)};
    frame.insert(frame.begin() + 2 * ETH_ALEN, bytes.begin(), bytes.end());
}

}  // namespace

PacketSocket::PacketSocket(const VethEnd& end) : socket_(open_socket(end.netns(), AF_PACKET, SOCK_RAW)) {
    const int on = 1;
    require(::setsockopt(socket_.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) == 0 &&
                ::setsockopt(socket_.get(), SOL_PACKET, PACKET_AUXDATA, &on, sizeof on) == 0,
            "setsockopt");
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(end.ifindex());
    require(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "bind");
}

void PacketSocket::send(std::span<const std::uint8_t> frame) const {
    require(::send(socket_.get(), frame.data(), frame.size(), 0) == static_cast<ssize_t>(frame.size()), "send");
}

std::optional<Frame> PacketSocket::receive(std::chrono::milliseconds timeout) const {
    if (!wait_for(socket_, POLLIN, timeout))
        return std::nullopt;
    Frame frame(65536);
    iovec buffer{frame.data(), frame.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(tpacket_auxdata))> control{};
    msghdr message{};
    message.msg_iov = &buffer;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t size = ::recvmsg(socket_.get(), &message, 0);
    require(size >= 0, "recvmsg");
    frame.resize(static_cast<std::size_t>(size));
    if (const auto tag = stripped_tag(message))
        insert_tag(frame, *tag);
    return frame;
}

bool ping(const Netns& from, const std::string& address, std::chrono::milliseconds timeout) {
    const double seconds = static_cast<double>(timeout.count()) / 1000;
    return from.run([&] {
        return run_command({"ping", "-n", "-q", "-c", "1", "-W", fmt::format("{:.3f}", seconds), address}).status == 0;
    });
}

UdpSocket::UdpSocket(const Netns& netns, const std::string& address, std::uint16_t port) {
    const SocketAddress local(address, port);
    socket_ = open_socket(netns, local.family(), SOCK_DGRAM);
    bind_socket(socket_, local);
}

void UdpSocket::send(const std::string& address, std::uint16_t port, std::string_view payload) const {
    const SocketAddress remote(address, port);
    require(::sendto(socket_.get(), payload.data(), payload.size(), 0, remote.get(), remote.size()) >= 0, "sendto");
}

std::optional<std::string> UdpSocket::receive(std::chrono::milliseconds timeout) const {
    if (!wait_for(socket_, POLLIN, timeout))
        return std::nullopt;
    std::string payload(65536, '\0');
    const ssize_t size = ::recv(socket_.get(), payload.data(), payload.size(), 0);
    require(size >= 0, "recv");
    payload.resize(static_cast<std::size_t>(size));
    return payload;
}

bool udp_arrives(const Netns& from, const Netns& to, const std::string& address, std::uint16_t port,
                 std::chrono::milliseconds timeout) {
    const UdpSocket receiver(to, address, port);
    const SocketAddress remote(address, port);
    const Fd sender = open_socket(from, remote.family(), SOCK_DGRAM);
    const std::string payload = "payload";
    require(::sendto(sender.get(), payload.data(), payload.size(), 0, remote.get(), remote.size()) >= 0, "sendto");
    return receiver.receive(timeout) == payload;
}

bool tcp_connects(const Netns& from, const Netns& to, const std::string& address, std::uint16_t port,
                  std::chrono::milliseconds timeout) {
    const SocketAddress remote(address, port);
    const Fd listener = open_socket(to, remote.family(), SOCK_STREAM);
    bind_socket(listener, remote);
    require(::listen(listener.get(), 1) == 0, "listen");

    const Fd client = open_socket(from, remote.family(), SOCK_STREAM | SOCK_NONBLOCK);
    require(::connect(client.get(), remote.get(), remote.size()) == 0 || errno == EINPROGRESS, "connect");
    if (!wait_for(client, POLLOUT, timeout))
        return false;
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(client.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

}  // namespace xdpctl::test
