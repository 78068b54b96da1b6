// SPDX-License-Identifier: BSD-2-Clause
#include "support/netns.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <exception>
#include <stdexcept>

#include "support/command.h"

namespace xdpctl::test {

namespace {

std::string unique_name() {
    static std::atomic<unsigned> count = 0;
    return fmt::format("xdpctl-{}-{}", ::getpid(), ++count);
}

Fd open_namespace(const std::string& path) {
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid())
        throw std::runtime_error(fmt::format("{}: {}", path, std::strerror(errno)));
    return fd;
}

}  // namespace

Netns::Netns() : name_(unique_name()), made_(true) {
    test::shell(fmt::format("ip netns add {}", name_));
    fd_ = open_namespace("/run/netns/" + name_);
    shell("ip link set lo up");
}

Netns::Netns(const std::string& path) : name_(path), made_(false), fd_(open_namespace(path)) {}

Netns::~Netns() {
    if (made_)
        run_command({"ip", "netns", "delete", name_});
}

std::string Netns::shell(const std::string& command) const {
    return run([&] { return test::shell(command); });
}

Netns::Inside::Inside(const Netns& netns) : previous_(open_namespace("/proc/thread-self/ns/net")) {
    if (::setns(netns.fd().get(), CLONE_NEWNET) != 0)
        throw std::runtime_error(fmt::format("setns {}: {}", netns.name(), std::strerror(errno)));
}

Netns::Inside::~Inside() {
    // Going on in the wrong namespace would run the rest of the tests on the machine's own devices.
    if (::setns(previous_.get(), CLONE_NEWNET) != 0)
        std::terminate();
}

IfIndex VethEnd::ifindex() const {
    return netns_.run([&] { return IfIndex{::if_nametoindex(name_.c_str())}; });
}

MacAddress VethEnd::mac() const {
    return netns_.run([&] {
        const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        ifreq request{};
        name_.copy(request.ifr_name, IFNAMSIZ - 1);
        if (::ioctl(socket.get(), SIOCGIFHWADDR, &request) != 0)
            throw std::runtime_error(fmt::format("{}: {}", name_, std::strerror(errno)));
        MacAddress mac{};
        std::memcpy(mac.data(), request.ifr_hwaddr.sa_data, mac.size());
        return mac;
    });
}

void VethEnd::add_address(const std::string& prefix) const {
    const bool ipv6 = prefix.find(':') != std::string::npos;
    netns_.shell(fmt::format("ip address add {} dev {} {}", prefix, name_, ipv6 ? "nodad" : ""));
}

void VethEnd::add_neighbour(const std::string& address, const MacAddress& mac) const {
    netns_.shell(fmt::format("ip neighbour replace {} lladdr {:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x} dev {}", address,
                             mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], name_));
}

VethPair::VethPair(const Netns& left, const std::string& left_name, const Netns& right, const std::string& right_name,
                   unsigned mtu)
    : left_(left, left_name), right_(right, right_name) {
    left.shell(fmt::format("ip link add {} mtu {} type veth peer name {} mtu {} netns {}", left_name, mtu, right_name,
                           mtu, right.name()));
    for (const VethEnd* end : {&left_, &right_})
        end->netns().shell(fmt::format("ip link set {0} addrgenmode none && ip link set {0} up", end->name()));
}

}  // namespace xdpctl::test
