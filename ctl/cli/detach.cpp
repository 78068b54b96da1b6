// SPDX-License-Identifier: BSD-2-Clause
// detach: takes interfaces out of their chains. Chains and rules stay.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>

#include "cli/change.h"
#include "cli/command.h"
#include "cli/options.h"
#include "ruleset/edit.h"
#include "stats/names.h"

namespace xdpctl::cli {

namespace {

struct Options {
    std::vector<std::string> interfaces;
    std::optional<ruleset::Hook> hook;
    bool all = false;
};

struct Detached {
    std::vector<kernel::DeviceStatus> devices;
};

std::string text(const Detached& detached) {
    std::string out;
    for (const kernel::DeviceStatus& device : detached.devices)
        out += fmt::format("{}: {}, detached\n", device.name, stats::name(device.hook));
    return out;
}

nlohmann::json json(const Detached& detached) {
    nlohmann::json devices = nlohmann::json::array();
    for (const kernel::DeviceStatus& device : detached.devices)
        devices.push_back({{"interface", device.name}, {"hook", stats::name(device.hook)}});
    return {{"detached", std::move(devices)}};
}

// Devices are known by the name the ruleset has for them, and by their present one.
bool is_named(const kernel::DeviceStatus& device, std::string_view name) {
    return device.name == name || device.current_name == name;
}

// The devices to detach. Errors: NotFound for a name that stands for none.
Result<std::vector<kernel::DeviceStatus>> select(const std::vector<kernel::DeviceStatus>& devices,
                                                 const Options& options) {
    std::vector<kernel::DeviceStatus> selected;
    const auto has_hook = [&](const kernel::DeviceStatus& device) {
        return !options.hook || device.hook == *options.hook;
    };
    if (options.all) {
        std::ranges::copy_if(devices, std::back_inserter(selected), has_hook);
        return selected;
    }
    for (const std::string& name : options.interfaces) {
        const auto size = selected.size();
        std::ranges::copy_if(devices, std::back_inserter(selected), [&](const kernel::DeviceStatus& device) {
            return has_hook(device) && is_named(device, name);
        });
        if (selected.size() == size)
            return fail(ErrorKind::NotFound, fmt::format("{} is not attached", name),
                        options.hook ? fmt::format("no chain of hook {} has it", stats::name(*options.hook))
                                     : std::string("no chain has it"),
                        "'xdpctl status' lists what is attached");
    }
    return selected;
}

Status detach(Session& session, const Options& options) {
    if (options.all == !options.interfaces.empty())
        return fail(ErrorKind::Usage, "detach takes either interfaces or --all", {},
                    "'xdpctl detach --help' shows how");
    auto state = open_for_writing(session);
    if (!state)
        return std::unexpected(std::move(state).error());
    const auto devices = state->devices();
    if (!devices)
        return std::unexpected(devices.error());
    auto selected = select(*devices, options);
    if (!selected)
        return std::unexpected(std::move(selected).error());

    ruleset::Ruleset next = state->ruleset();
    for (const kernel::DeviceStatus& device : *selected)
        XDPCTL_TRY(ruleset::remove_device(next, device.hook, device.name));
    XDPCTL_TRY(commit(session, *state, std::move(next)));
    session.output.confirm(Detached{std::move(*selected)});
    return {};
}

}  // namespace

Action declare_detach(CLI::App& parser) {
    auto options = std::make_shared<Options>();
    parser.add_option("IFACE", options->interfaces, "Interfaces")->type_name("");
    add_hook_option(parser, options->hook, "ingress or egress only; both when left out");
    parser.add_flag("--all", options->all, "All interfaces");
    return [options](Session& session) { return detach(session, *options); };
}

}  // namespace xdpctl::cli
