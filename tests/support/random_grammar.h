// SPDX-License-Identifier: BSD-2-Clause
// Random tables as text, word by word from the grammar that nft and xdpctl share: matches of every field that lies in a
// frame with every operator, named and unnamed sets, concatenations, verdict maps, jumps. The fields of a rule belong
// to one packet, so that nft takes it, and nothing is in it that nft 1.0.6 is known to get wrong or to die of. Every
// rule has a counter.
#pragma once

#include <random>
#include <string>

namespace xdpctl::test {

// The base chain is named `base` and hooks ingress of eth0.
[[nodiscard]] std::string random_table_text(std::mt19937& random);

}  // namespace xdpctl::test
