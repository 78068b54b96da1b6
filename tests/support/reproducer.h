// SPDX-License-Identifier: BSD-2-Clause
// The smallest chain and packet that still show a mismatch between two classifiers, by delta debugging (Zeller and
// Hildebrandt, TSE 2002): first rules are taken out, then matches of those that are left, then values of the packet.
#pragma once

#include <functional>
#include <string>

#include "maps/packet.h"
#include "ruleset/model.h"

namespace xdpctl::test {

struct Reproducer {
    ruleset::Chain chain;
    xdpctl_packet packet;

    // The chain as nft prints it, and the packet's words.
    [[nodiscard]] std::string text() const;
};

// Whether the two classifiers still disagree. False when the chain does not compile.
using Disagree = std::function<bool(const ruleset::Chain&, const xdpctl_packet&)>;

// REQUIRES: they disagree about `found`. Asks at most some thousand times.
[[nodiscard]] Reproducer minimized(Reproducer found, const Disagree& disagree);

}  // namespace xdpctl::test
