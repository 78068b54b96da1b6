// SPDX-License-Identifier: BSD-2-Clause
// Rulesets in JSON as `apply - --device eth0` reads them: nft's, which leaves out devices, and ours.
#include <string_view>

#include "fuzz/fuzz.h"
#include "fuzz/round_trip.h"
#include "lang/parse.h"

using namespace xdpctl;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (text.empty() || text.front() != '{')
        return 0;
    const lang::OpenIncluded nothing = [](const std::string&) -> Result<std::vector<lang::IncludedFile>> {
        return std::vector<lang::IncludedFile>();
    };
    const auto file = lang::parse_file(text, "fuzz", nothing, {"eth0"});
    if (file)
        test::require_round_trip(file->ruleset);
    return 0;
}
