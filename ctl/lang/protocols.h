// SPDX-License-Identifier: BSD-2-Clause
// Which protocols a rule has settled on so far. A match implies its protocol (`tcp dport` implies TCP); two matches
// that cannot hold for one packet are refused, as nft does.
#pragma once

#include <optional>
#include <string>

#include "ruleset/model.h"

namespace xdpctl::lang {

class Protocols {
public:
    // Takes the match into account. Returns the conflict with what went before it ("tcp vs. udp"), if there is one.
    [[nodiscard]] std::optional<std::string> add(const ruleset::Match& match);

private:
    enum class Network : std::uint8_t { Any, Ip, Ip6, Arp, Vlan };

    std::optional<std::string> require_network(std::string_view protocol);
    std::optional<std::string> require_transport(std::string_view protocol, std::uint32_t number);

    Network network_ = Network::Any;
    std::optional<std::uint32_t> transport_;  // protocol number
};

}  // namespace xdpctl::lang
