// SPDX-License-Identifier: BSD-2-Clause
// ClassBench (Taylor and Turner, INFOCOM 2005) filter sets as chains.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.h"
#include "ruleset/model.h"
#include "support/test_data.h"

namespace xdpctl::test {

enum class Family : std::uint8_t { Ipv4, Ipv6 };

// Rules of a ClassBench file (gzip), as `counter accept` or `counter drop` in turn. For IPv6 the addresses become
// suffixes of 2001:db8::/32, some of them extended to 128 bits.
[[nodiscard]] Result<ruleset::Chain> load_classbench(const std::string& path, Family family, std::size_t rules_max);

}  // namespace xdpctl::test
