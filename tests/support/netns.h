// SPDX-License-Identifier: BSD-2-Clause
// Network namespaces and veth pairs that live as long as their objects. Everything here throws std::runtime_error when
// the kernel refuses, and needs root.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/fd.h"
#include "base/types.h"

namespace xdpctl::test {

// A network namespace; a new one has a name no other process uses, usable with `ip netns exec`, and its loopback is up.
class Netns {
public:
    Netns();
    // One that someone else has made, by its file: it is not usable by name and stays.
    explicit Netns(const std::string& path);
    ~Netns();
    Netns(const Netns&) = delete;
    Netns& operator=(const Netns&) = delete;

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] const Fd& fd() const { return fd_; }

    // Runs `action` inside, on the calling thread. Sockets made inside stay in the namespace.
    template <typename Action>
    decltype(auto) run(Action&& action) const {
        const Inside inside(*this);
        return std::forward<Action>(action)();
    }
    // A shell command that must succeed, run inside; returns its stdout.
    std::string shell(const std::string& command) const;

private:
    class Inside {
    public:
        explicit Inside(const Netns& netns);
        ~Inside();
        Inside(const Inside&) = delete;
        Inside& operator=(const Inside&) = delete;

    private:
        Fd previous_;
    };

    std::string name_;
    bool made_;
    Fd fd_;
};

using MacAddress = std::array<std::uint8_t, 6>;

// One end of a veth pair.
class VethEnd {
public:
    VethEnd(const Netns& netns, std::string name) : netns_(netns), name_(std::move(name)) {}

    [[nodiscard]] const Netns& netns() const { return netns_; }
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] IfIndex ifindex() const;
    [[nodiscard]] MacAddress mac() const;
    // "192.0.2.1/24" or "2001:db8::1/64" (without duplicate address detection; multicast listener reports follow).
    void add_address(const std::string& prefix) const;
    // A static neighbour entry, so that no ARP or neighbour discovery mixes with the frames a test counts.
    void add_neighbour(const std::string& address, const MacAddress& mac) const;

private:
    const Netns& netns_;
    std::string name_;
};

// Two ends that are up and have carrier. IPv6 gives them no addresses of their own, so they are silent until used. The
// pair goes away with either namespace; its object must not outlive them.
class VethPair {
public:
    VethPair(const Netns& left, const std::string& left_name, const Netns& right, const std::string& right_name,
             unsigned mtu = 1500);

    [[nodiscard]] const VethEnd& left() const { return left_; }
    [[nodiscard]] const VethEnd& right() const { return right_; }

private:
    VethEnd left_;
    VethEnd right_;
};

}  // namespace xdpctl::test
