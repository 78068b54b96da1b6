// SPDX-License-Identifier: BSD-2-Clause
// The lookup that the BPF programs do in tuple-tree tables, in plain C++.
#pragma once

#include <cstdint>
#include <optional>

#include "compile/tuple_tree/tables.h"
#include "maps/packet.h"

namespace xdpctl::test {

struct Found {
    std::uint32_t order;
    std::uint32_t action;
};

// The first step at `from` or later that matches.
[[nodiscard]] std::optional<Found> find(const compile::tuple_tree::Tables& tables, const xdpctl_packet& packet,
                                        std::uint32_t from);

}  // namespace xdpctl::test
