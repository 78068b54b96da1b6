// SPDX-License-Identifier: BSD-2-Clause
// Named sets as nft 1.0.6 prints them.
#pragma once

#include <fmt/format.h>

#include "lang/print.h"
#include "ruleset/model.h"

namespace xdpctl::lang {

// Everything inside the block.
void print_set_body(fmt::memory_buffer& out, const ruleset::Set& set, const PrintOptions& options);

}  // namespace xdpctl::lang
