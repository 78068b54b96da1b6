// SPDX-License-Identifier: BSD-2-Clause
// Rulesets as text or JSON: parsed, printed, parsed again. What parses prints as something that parses to the same, as
// text and as JSON.
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "fuzz/fuzz.h"
#include "lang/parse.h"
#include "lang/print.h"

using namespace xdpctl;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto ruleset = lang::parse_ruleset(text, "fuzz");
    if (!ruleset)
        return 0;
    const std::string printed = lang::print_ruleset(*ruleset);
    const auto again = lang::parse_ruleset(printed, "printed");
    test::require(again.has_value(), "what was printed does not parse", printed);
    test::require(*again == *ruleset, "what was printed means something else", printed);
    test::require(lang::print_ruleset(*again) == printed, "printing is not stable", printed);
    // JSON has whole seconds.
    const std::string document = lang::ruleset_json(*ruleset).dump();
    const auto read = lang::parse_ruleset(document, "document");
    test::require(read.has_value(), "the JSON that was printed does not parse", document);
    test::require(lang::ruleset_json(*read).dump() == document, "the JSON that was printed means something else",
                  document);
    return 0;
}
