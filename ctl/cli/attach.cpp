// SPDX-License-Identifier: BSD-2-Clause
// attach: brings interfaces under a chain of their hook, and reports how.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>

#include "cli/change.h"
#include "cli/command.h"
#include "cli/options.h"
#include "kernel/interface.h"
#include "ruleset/edit.h"
#include "stats/names.h"
#include "stats/render.h"

namespace xdpctl::cli {

namespace {

struct Options {
    std::vector<std::string> interfaces;
    std::optional<ruleset::Hook> hook;
    xdpctl_mode mode = XDPCTL_MODE_AUTO;
};

struct Attached {
    std::vector<kernel::DeviceStatus> devices;
};

std::string text(const Attached& attached) {
    std::string out;
    for (const kernel::DeviceStatus& device : attached.devices)
        out += stats::text(device) + '\n';
    return out;
}

nlohmann::json json(const Attached& attached) {
    nlohmann::json devices = nlohmann::json::array();
    for (const kernel::DeviceStatus& device : attached.devices)
        devices.push_back(stats::json(device));
    return {{"attached", std::move(devices)}};
}

Status check_mode(ruleset::Hook hook, xdpctl_mode mode) {
    if (hook == ruleset::Hook::Ingress || mode == XDPCTL_MODE_AUTO || mode == XDPCTL_MODE_TC)
        return {};
    return fail(ErrorKind::Usage, fmt::format("hook egress has no mode {}", stats::name(mode)),
                "XDP sees incoming packets only", "leave --mode out, or say --mode tc");
}

// All names are checked before anything is attached.
Status check_interfaces(const std::vector<std::string>& names) {
    for (const std::string& name : names)
        if (auto found = kernel::find_interface(name); !found)
            return std::unexpected(std::move(found).error());
    return {};
}

// By the name that an interface has now: the ruleset follows a renamed one.
const kernel::DeviceStatus* find(const std::vector<kernel::DeviceStatus>& devices, ruleset::Hook hook,
                                 std::string_view name) {
    const auto found = std::ranges::find_if(devices, [&](const kernel::DeviceStatus& device) {
        return device.hook == hook && (device.current_name.empty() ? device.name : device.current_name) == name;
    });
    return found == devices.end() ? nullptr : &*found;
}

// Attaching what is attached already is fine unless another mode is asked for.
Status check_same_mode(const kernel::DeviceStatus& device, xdpctl_mode mode) {
    if (mode == XDPCTL_MODE_AUTO || mode == device.attachment.mode)
        return {};
    return fail(ErrorKind::Failed,
                fmt::format("{} is already attached in mode {}", device.name, stats::name(device.attachment.mode)), {},
                fmt::format("detach it first: xdpctl detach {} --hook {}", device.name, stats::name(device.hook)));
}

Status attach(Session& session, const Options& options) {
    const ruleset::Hook hook = options.hook.value_or(ruleset::Hook::Ingress);
    XDPCTL_TRY(check_mode(hook, options.mode));
    XDPCTL_TRY(check_interfaces(options.interfaces));
    auto state = open_for_writing(session);
    if (!state)
        return std::unexpected(std::move(state).error());
    const auto before = state->devices();
    if (!before)
        return std::unexpected(before.error());

    ruleset::Ruleset next = state->ruleset();
    const ruleset::ChainName chain{std::string(ruleset::default_table), std::string(ruleset::default_chain(hook))};
    kernel::CommitOptions commit_options;
    for (const std::string& name : options.interfaces) {
        const kernel::DeviceStatus* known = find(*before, hook, name);
        if (known == nullptr)
            XDPCTL_TRY(ruleset::add_device(next, chain, hook, name));
        else if (known->presence == kernel::Presence::Active)
            XDPCTL_TRY(check_same_mode(*known, options.mode));
        commit_options.modes[name] = options.mode;
    }
    XDPCTL_TRY(commit(session, *state, std::move(next), commit_options));

    const auto after = state->devices();
    if (!after)
        return std::unexpected(after.error());
    Attached report;
    for (const std::string& name : options.interfaces)
        if (const kernel::DeviceStatus* device = find(*after, hook, name))
            report.devices.push_back(*device);
    session.output.confirm(report);
    return {};
}

}  // namespace

Action declare_attach(CLI::App& parser) {
    auto options = std::make_shared<Options>();
    parser.add_option("IFACE", options->interfaces, "Interfaces")->type_name("")->required();
    add_hook_option(parser, options->hook, "ingress (default) or egress");
    const std::map<std::string, xdpctl_mode> modes{{"auto", XDPCTL_MODE_AUTO},
                                                   {"native", XDPCTL_MODE_NATIVE},
                                                   {"generic", XDPCTL_MODE_GENERIC},
                                                   {"offload", XDPCTL_MODE_OFFLOAD},
                                                   {"tc", XDPCTL_MODE_TC}};
    const auto set_mode = [options, modes](const std::string& word) { options->mode = modes.at(word); };
    parser
        .add_option_function<std::string>("--mode", set_mode,
                                          "auto (default): native, else what works; native, generic, offload or tc")
        ->type_name("MODE")
        ->check(CLI::IsMember(modes));
    return [options](Session& session) { return attach(session, *options); };
}

}  // namespace xdpctl::cli
