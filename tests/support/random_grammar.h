// SPDX-License-Identifier: BSD-2-Clause
// Random tables as text, word by word from the grammar that nft and xdpctl share: matches of every field that lies in a
// frame with every operator, named and unnamed sets, concatenations, verdict maps, jumps. The fields of a rule belong
// to one packet, so that nft takes it, and nothing is in it that nft 1.0.6 is known to get wrong or to die of. Every
// rule has a counter.
#pragma once

#include <map>
#include <random>
#include <string>
#include <vector>

#include "ruleset/model.h"

namespace xdpctl::test {

// What fields have in frames that somebody recorded.
using RecordedValues = std::map<ruleset::Field, std::vector<ruleset::Value>>;

// The base chain is named `base` and hooks eth0. Every second value is a recorded one, of fields that have any.
[[nodiscard]] std::string random_table_text(std::mt19937& random, ruleset::Hook hook = ruleset::Hook::Ingress,
                                            const RecordedValues& recorded = {});

}  // namespace xdpctl::test
