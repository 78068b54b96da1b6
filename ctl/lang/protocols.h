// SPDX-License-Identifier: BSD-2-Clause
// Which protocols a rule has settled on so far. A match implies its protocol (`tcp dport` implies TCP); two matches
// that cannot hold for one packet are refused, as nft does.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ruleset/model.h"

namespace xdpctl::lang {

class Protocols {
public:
    // Takes the match into account. Returns the conflict with what went before it ("tcp vs. udp"), if there is one.
    [[nodiscard]] std::optional<std::string> add(const ruleset::Match& match);

    // Whether `vlan` means the second tag from here on.
    [[nodiscard]] bool in_second_tag() const { return in_second_tag_; }

private:
    enum class Network : std::uint8_t { Any, Ip, Ip6, Arp, Vlan };

    struct Transport {
        std::string_view name;
        std::uint32_t number;
        Network network;  // that alone carries it
    };

    std::optional<std::string> require_network(std::string_view protocol);
    std::optional<std::string> require_transport(const Transport& transport);
    // For a field that only messages of some type have.
    std::optional<std::string> require_message(const ruleset::Match& match);
    void settle_network(std::uint32_t ether_type);
    [[nodiscard]] bool is_open(Network wanted) const;

    Network network_ = Network::Any;
    std::optional<std::uint32_t> transport_;  // protocol number
    std::uint32_t message_ = 0;               // type of ICMP message; 0 leaves it open, as nft has it
    bool is_tagged_ = false;
    bool in_second_tag_ = false;
};

}  // namespace xdpctl::lang
