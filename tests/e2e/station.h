// SPDX-License-Identifier: BSD-2-Clause
// A place where frames are judged by what runs on a device's hook: they come into a namespace of its own and go on by a
// wire that ends in a socket, those that pass.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/types.h"
#include "e2e/nft_counts.h"
#include "ruleset/model.h"
#include "support/command.h"
#include "support/netns.h"
#include "support/packet.h"
#include "support/traffic.h"

namespace xdpctl::test {

class Station {
public:
    // Where the frames that passed are received.
    enum class Sink : std::uint8_t {
        Wire,
        // At eth0, behind generic XDP and in front of everything else: what the kernel copies for generic XDP no longer
        // knows how long its Ethernet header is, and nft sends it on without.
        Device,
    };

    // The hook is that of eth0: where the frames come in, or where they go out. Beside it are eth1 to eth4, which rules
    // can name.
    explicit Station(ruleset::Hook hook = ruleset::Hook::Ingress, Sink sink = Sink::Wire);

    // A program, in the namespace that has eth0.
    CommandResult run(const std::vector<std::string>& argv, const std::string& input = {}) const;
    // Replaces nft's ruleset by this table, if any, and by what sends on whatever comes past it.
    CommandResult load_nft(const std::string& table = {}) const;
    // Of the rules with a counter, in the order of chains and rules.
    [[nodiscard]] std::vector<Count> nft_counts(const std::string& table) { return counts_.of_table(table); }

    // Sends the frames and returns those that passed, as they came out. `accepted` says how many did, as soon as all
    // are judged, and is asked until then; adds a failure when it never does. REQUIRES: load_nft().
    std::vector<Bytes> send(std::span<const Bytes> frames,
                            const std::function<std::optional<std::uint64_t>()>& accepted);
    // The same, judged by nft's table.
    std::vector<Bytes> send(std::span<const Bytes> frames);

private:
    void receive(std::vector<Bytes>& out, std::chrono::milliseconds timeout);

    ruleset::Hook hook_;
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
