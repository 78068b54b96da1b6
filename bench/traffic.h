// SPDX-License-Identifier: BSD-2-Clause
// Packets for a chain: as ClassBench's authors and the classifiers' make them, from the rules themselves.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ruleset/model.h"
#include "support/classbench.h"
#include "support/packet.h"

namespace xdpctl::bench {

enum class Traffic : std::uint8_t {
    Hits,     // inside a rule; every rule is as likely
    Zipf,     // the same, a few rules much likelier than the rest
    Crosses,  // source, destination and the rest from three rules
    Uniform,  // whatever
};
[[nodiscard]] std::string_view name(Traffic traffic);

// Headers of one packet; addresses as the rules' values are.
struct Header {
    ruleset::Value saddr = 0, daddr = 0;
    std::uint16_t sport = 0, dport = 0;
    std::uint8_t proto = 0, tcp_flags = 0;
};

[[nodiscard]] std::vector<Header> make_traffic(const ruleset::Chain& chain, test::Family family, Traffic traffic,
                                               std::size_t packets);

// The frame that replaying the header makes of frame_to_replay().
[[nodiscard]] test::Bytes frame_of(const Header& header, test::Family family);
[[nodiscard]] test::Bytes frame_to_replay(test::Family family);

}  // namespace xdpctl::bench
