// SPDX-License-Identifier: BSD-2-Clause
// Where rules ask for named sets. Here a lookup becomes a match with the set's elements, so that engines only see
// matches.
#pragma once

#include "base/error.h"
#include "ruleset/model.h"

namespace xdpctl::compile {

[[nodiscard]] bool has_lookups(const ruleset::Chain& chain);

// The chain with the elements of sets in the place of their names.
// REQUIRES: the table has the sets, and they suit the fields (ruleset/check.h).
// Errors: Unsupported for sets whose elements expire or count.
[[nodiscard]] Result<ruleset::Chain> without_lookups(const ruleset::Chain& chain, const ruleset::Table& table);

}  // namespace xdpctl::compile
