// SPDX-License-Identifier: BSD-2-Clause
// What a valid ruleset has to no effect: most often a mistake.
#pragma once

#include <string>
#include <vector>

#include "ruleset/model.h"

namespace xdpctl::ruleset {

// A sentence for each: sets and maps that no rule uses, regular chains that no packet comes to, and lookups in sets
// that have no element and cannot get one from packets.
[[nodiscard]] std::vector<std::string> idle_parts(const Ruleset& ruleset);

}  // namespace xdpctl::ruleset
