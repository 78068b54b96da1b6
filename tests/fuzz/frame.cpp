// SPDX-License-Identifier: BSD-2-Clause
// Frames through the parser in the kernel and through the reference parser, at XDP and TC; the reference's branches lead the
// fuzzer. The first byte chooses the layer.
#include <map>
#include <span>

#include "fuzz/fuzz.h"
#include "support/reference_parser.h"
#include "testrun/testrun.h"

using namespace xdpctl;

namespace {

testrun::Runner& runner_of(kernel::Layer layer) {
    static std::map<kernel::Layer, testrun::Runner> runners;
    auto found = runners.find(layer);
    if (found == runners.end()) {
        ruleset::Chain chain;
        chain.name = "chain";
        chain.hook = layer == kernel::Layer::TcEgress ? ruleset::Hook::Egress : ruleset::Hook::Ingress;
        auto made = testrun::Runner::create(chain, layer);
        test::require(made.has_value(), "cannot load the programs", made ? std::string() : made.error().text());
        found = runners.emplace(layer, *std::move(made)).first;
    }
    return found->second;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t ethernet_header = 14;
    if (size < 1 + ethernet_header)
        return 0;
    constexpr kernel::Layer layers[] = {kernel::Layer::Xdp, kernel::Layer::TcIngress, kernel::Layer::TcEgress};
    const kernel::Layer layer = layers[data[0] % std::size(layers)];
    const auto frame = std::as_bytes(std::span(data, size).subspan(1));
    const auto outcome = runner_of(layer).run(frame);
    if (!outcome)  // such as a TC frame whose IP header is cut off, which test runs do not take
        return 0;
    const xdpctl_packet expected = test::parse_reference(
        frame, layer == kernel::Layer::TcEgress ? ruleset::Hook::Egress : ruleset::Hook::Ingress);
    const std::string different = test::differences(expected, outcome->packet);
    test::require(different.empty(), "the parsers differ", different);
    return 0;
}
