// SPDX-License-Identifier: BSD-2-Clause
// A place where frames are judged by what runs on a device: sent into eth0 of a namespace of its own, those that pass
// go on by a wire that ends in a socket.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/types.h"
#include "e2e/nft_counts.h"
#include "support/command.h"
#include "support/netns.h"
#include "support/packet.h"
#include "support/traffic.h"

namespace xdpctl::test {

class Station {
public:
    explicit Station(unsigned mtu = 1500);

    // A program, in the namespace that has eth0.
    CommandResult run(const std::vector<std::string>& argv, const std::string& input = {}) const;
    // Replaces nft's ruleset by this table, if any, and by what sends on whatever comes past it.
    CommandResult load_nft(const std::string& table = {}) const;
    // Of the rules with a counter, in the order of chains and rules.
    [[nodiscard]] std::vector<Count> nft_counts(const std::string& table) { return counts_.of_table(table); }

    // Sends the frames and returns those that passed, as they came out. They are judged when `is_done` says so, which
    // is asked until then; adds a failure when it never does. REQUIRES: load_nft().
    std::vector<Bytes> send(std::span<const Bytes> frames, const std::function<bool()>& is_done);
    // The same, judged when nft has seen all of them.
    std::vector<Bytes> send(std::span<const Bytes> frames);

private:
    // Packets that nft saw in front of the table and behind it.
    [[nodiscard]] std::uint64_t arrived();
    [[nodiscard]] std::uint64_t passed();
    void receive(std::vector<Bytes>& out, std::chrono::milliseconds timeout);

    Netns outside_, inside_;
    VethPair way_in_;
    VethPair way_out_;
    PacketSocket source_;
    PacketSocket sink_;
    NftCounts counts_;
};

// nft is a program of its own, which not every machine has.
[[nodiscard]] bool has_nft();

}  // namespace xdpctl::test
