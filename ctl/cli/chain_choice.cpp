// SPDX-License-Identifier: BSD-2-Clause
#include "cli/chain_choice.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/change.h"
#include "cli/options.h"
#include "cli/ruleset_file.h"
#include "ruleset/edit.h"
#include "stats/names.h"

namespace xdpctl::cli {

void add_chain_options(CLI::App& parser, ChainChoice& choice) {
    parser.add_option("--ruleset", choice.ruleset, "Use the ruleset of this file instead of the running one")
        ->type_name("FILE");
    parser.add_option("--iface", choice.interface, "Use the chain of this interface, as if packets came in there")
        ->type_name("IFACE");
    add_hook_option(parser, choice.hook, "ingress (default) or egress");
    parser.add_option("--mode", choice.mode, "Run the programs of xdp (default) or tc; egress is always tc")
        ->type_name("MODE")
        ->check(CLI::IsMember({"xdp", "tc"}));
}

kernel::Layer layer_of(ruleset::Hook hook, std::string_view mode) {
    if (hook == ruleset::Hook::Egress)
        return kernel::Layer::TcEgress;
    return mode == "tc" ? kernel::Layer::TcIngress : kernel::Layer::Xdp;
}

kernel::Layer layer_of(const ChainChoice& choice) {
    return layer_of(choice.hook.value_or(ruleset::Hook::Ingress), choice.mode);
}

Result<NamedRuleset> load_ruleset(const std::string& path) {
    if (path.empty()) {
        const auto state = open_for_reading();
        if (!state)
            return std::unexpected(state.error());
        return NamedRuleset{state->ruleset(), {}};
    }
    auto parsed = parse_ruleset_file(path);
    if (!parsed)
        return std::unexpected(std::move(parsed).error());
    XDPCTL_TRY(ruleset::adopt_handles({}, parsed->ruleset));
    return NamedRuleset{std::move(parsed->ruleset), std::move(parsed->sources)};
}

Result<ChainPlace> select_chain(const ruleset::Ruleset& ruleset, ruleset::Hook hook, const std::string& interface) {
    std::vector<ChainPlace> chains;
    for (const ruleset::Table& table : ruleset.tables)
        for (const ruleset::Chain& chain : table.chains)
            if (chain.is_base && chain.hook == hook &&
                (interface.empty() || std::ranges::find(chain.devices, interface) != chain.devices.end()))
                chains.push_back({&table, &chain});
    if (chains.size() == 1)
        return chains.front();
    if (!chains.empty())
        return fail(ErrorKind::Usage, fmt::format("the ruleset has several chains of hook {}", stats::name(hook)), {},
                    "pick one by its interface: --iface IFACE");
    if (interface.empty())
        return fail(ErrorKind::NotFound, fmt::format("the ruleset has no chain of hook {}", stats::name(hook)));
    return fail(ErrorKind::NotFound,
                fmt::format("no chain of hook {} has the device {}", stats::name(hook), interface));
}

Result<ChosenChain> choose_chain(const ChainChoice& choice) {
    auto loaded = load_ruleset(choice.ruleset);
    if (!loaded)
        return std::unexpected(std::move(loaded).error());
    ChosenChain chosen;
    chosen.in = *std::move(loaded);
    const auto place = select_chain(chosen.in.ruleset, choice.hook.value_or(ruleset::Hook::Ingress), choice.interface);
    if (!place)
        return std::unexpected(place.error());
    chosen.place = *place;
    return chosen;
}

Result<testrun::Runner> create_runner(const ChainPlace& place, kernel::Layer layer, const std::string& interface) {
    return testrun::Runner::create(*place.chain, layer, interface, std::nullopt, place.table);
}

Result<testrun::Runner> create_runner(const ChosenChain& chosen, const ChainChoice& choice) {
    return create_runner(chosen.place, layer_of(choice), choice.interface);
}

}  // namespace xdpctl::cli
