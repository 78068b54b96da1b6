// SPDX-License-Identifier: BSD-2-Clause
// Rulesets of other tools; the first byte chooses the tool. What is converted and what is left out add up.
#include "fuzz/fuzz.h"
#include "import/ipset.h"
#include "import/iptables.h"
#include "import/nft.h"
#include "import/output.h"

using namespace xdpctl;

namespace {

const importing::Place place{.table = "t", .chain = "ingress", .devices = {"eth0"}};

Result<importing::Conversion> convert(char tool, std::string_view text) {
    switch (tool) {
    case '4':
        return importing::convert_iptables(
            text, {.family = importing::Family::Ipv4, .chain = {}, .sets = {}, .place = place});
    case '6':
        return importing::convert_iptables(
            text, {.family = importing::Family::Ipv6, .chain = {}, .sets = {}, .place = place});
    case 's':
        return importing::convert_ipset(text, place);
    default:
        return importing::convert_nft(text, {.chain = {}, .place = place});
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (text.empty())
        return 0;
    const auto conversion = convert(text.front(), text.substr(1));
    if (!conversion)
        return 0;
    test::require(conversion->converted <= conversion->total, "more is converted than there is", conversion->ruleset);
    test::require(conversion->converted == conversion->total || !conversion->left_out.empty(),
                  "what is left out is not reported", conversion->ruleset);
    // A loop of chains, or a chain without rules that a rule leads to, is found here; it must not be worse than that.
    (void)importing::check(*conversion);
    return 0;
}
