// SPDX-License-Identifier: BSD-2-Clause
// Which lookups of a chain share one (maps/set_joint.h): those of a field that rules look up in several sets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <vector>

#include "compile/flat_chain.h"

namespace xdpctl::compile {

class JointLookups {
public:
    // What rules of no chain share: nothing.
    JointLookups() = default;
    // `lookups_max`: with more nothing is shared.
    explicit JointLookups(const FlatChain& chain, std::size_t lookups_max = std::numeric_limits<std::size_t>::max());

    struct Place {
        std::uint32_t joint;
        std::uint32_t key;  // of the field in joint_masks of struct xdpctl_packet
        std::uint32_t bit;  // of the set in the mask
    };
    [[nodiscard]] std::optional<Place> find(const SetTest& test) const;

    // Numbers of each joint's sets, by bit.
    [[nodiscard]] const std::vector<std::vector<std::uint32_t>>& joints() const { return joints_; }
    [[nodiscard]] std::uint32_t keys() const { return static_cast<std::uint32_t>(keys_.size()); }

private:
    struct Key {
        std::uint32_t joint;
        std::uint32_t number;
    };
    std::vector<std::vector<std::uint32_t>> joints_;
    std::map<ruleset::Field, Key> keys_;
};

}  // namespace xdpctl::compile
