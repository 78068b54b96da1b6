// SPDX-License-Identifier: BSD-2-Clause
// Lists of elements as `set load` reads them: netset, plain, CSV, ipset's and nft's. The first byte chooses the set.
#include <array>
#include <string_view>

#include "fuzz/fuzz.h"
#include "fuzz/round_trip.h"
#include "import/element_list.h"
#include "lang/parse.h"
#include "ruleset/edit.h"

using namespace xdpctl;

namespace {

constexpr std::array<std::string_view, 6> declarations{
    "type ipv4_addr; flags interval, timeout; auto-merge; counter",
    "type ipv4_addr; flags timeout; size 4",
    "type ipv6_addr; flags interval",
    "type inet_service; flags interval; auto-merge",
    "type ether_addr",
    "type ipv4_addr . inet_service; flags interval; counter",
};

ruleset::Ruleset with_set(std::string_view declaration) {
    const std::string text = "table netdev t {\n\tset s {\n" + std::string(declaration) + "\n}\n}\n";
    const auto ruleset = lang::parse_ruleset(text, "declaration");
    test::require(ruleset.has_value(), "a declaration is wrong", text);
    return *ruleset;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0)
        return 0;
    ruleset::Ruleset ruleset = with_set(declarations[data[0] % declarations.size()]);
    const ruleset::Set& set = ruleset.tables.front().sets.front();
    const std::string_view list(reinterpret_cast<const char*>(data) + 1, size - 1);
    auto elements = lang::parse_set_elements(importing::elements_text(list), "list", set);
    if (elements && ruleset::replace_elements(ruleset, {.table = "t", .set = "s"}, *std::move(elements)))
        test::require_round_trip(ruleset);
    return 0;
}
