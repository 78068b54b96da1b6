// SPDX-License-Identifier: BSD-2-Clause
// Rulesets as text, or JSON of our own: parsed, printed, parsed again.
#include <string_view>

#include "fuzz/fuzz.h"
#include "fuzz/round_trip.h"
#include "lang/parse.h"

using namespace xdpctl;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto ruleset = lang::parse_ruleset({reinterpret_cast<const char*>(data), size}, "fuzz");
    if (!ruleset)
        return 0;
    test::require_round_trip(*ruleset);
    test::require_outline(*ruleset);
    return 0;
}
