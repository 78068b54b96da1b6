// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/state.h"

#include <fmt/format.h>

#include <filesystem>

#include "doctor/examine.h"
#include "kernel/bpffs.h"
#include "kernel/layout.h"
#include "stats/names.h"

namespace xdpctl::doctor {

namespace {

void check_half_done(Section& section) {
    kernel::Warnings none;
    std::error_code ignored;
    const auto directory = kernel::state_directory(false, none);
    if (directory && std::filesystem::exists(kernel::Layout(*directory).next(), ignored))
        section.add(Severity::Note, "writer", "a change is half done",
                    "a command is at work, or was killed: then the next one that changes something cleans up");
}

void check_place(Section& section, const kernel::DeviceStatus& device) {
    const std::string_view hook = stats::name(device.hook);
    const std::string place = fmt::format("{} {} (chain {} {})", device.name, hook, device.chain_table, device.chain);
    const std::string again = fmt::format("xdpctl attach {} --hook {}", device.name, hook);
    if (!device.presence && device.current_name.empty())
        return section.add(Severity::Warning, "device", place + " does not exist",
                           "it is filtered only after it appears and a command attaches it",
                           fmt::format("{}; or give it up: xdpctl detach {}", again, device.name));
    if (!device.presence)
        return section.add(Severity::Problem, "device", place + " is not attached", "its packets are not filtered",
                           again);
    switch (*device.presence) {
    case kernel::Presence::Active:
        if (device.current_name == device.name)
            return section.ok("device",
                              fmt::format("{} is attached, mode {}", place, stats::name(device.attachment.mode)));
        return section.add(Severity::Note, "device", fmt::format("{} is called {} now", place, device.current_name),
                           "it is filtered as before; the next change writes the new name into the ruleset");
    case kernel::Presence::DeviceGone:
        return section.add(Severity::Warning, "device", place + " is gone", "its chain keeps its place",
                           fmt::format("{} when it is back; or give it up: xdpctl detach {}", again, device.name));
    case kernel::Presence::OtherNamespace:
        return section.add(Severity::Warning, "device", place + " has moved to another network namespace",
                           "the next change takes the filter off it",
                           fmt::format("attach it there; here: xdpctl detach {}", device.name));
    case kernel::Presence::ProgramGone:
        return section.add(Severity::Problem, "device", place + " has lost its program",
                           "someone has taken it off: its packets are not filtered", again);
    }
}

void check_devices(Section& section, const kernel::State& state) {
    const auto devices = state.devices();
    if (!devices)
        return section.add(Severity::Problem, "device", devices.error().what, devices.error().cause,
                           devices.error().next);
    for (const kernel::DeviceStatus& device : *devices)
        check_place(section, device);
}

// Reasons that no packet should ever have.
void check_counts(Section& section, const kernel::State& state) {
    const auto counts = state.device_counts();
    if (!counts)
        return;
    for (const kernel::DeviceCount& counted : *counts) {
        if (counted.reason == XDPCTL_REASON_STAGE_MISS || counted.reason == XDPCTL_REASON_STAGE_ERROR)
            section.add(Severity::Problem, "datapath",
                        fmt::format("{}: {} packets took the policy ({})", counted.device, counted.count.packets,
                                    stats::name(counted.reason)),
                        "no rule has seen them: the classifier was not there or failed",
                        fmt::format("xdpctl detach {0} && xdpctl attach {0}, and report it", counted.device));
    }
}

}  // namespace

Section examine_state(const Result<kernel::State>& state) {
    Section section{.subject = "state", .findings = {}};
    if (!state) {
        section.add(Severity::Problem, "state", state.error().what, state.error().cause, state.error().next);
        return section;
    }
    check_half_done(section);
    if (state->ruleset().tables.empty()) {
        section.ok("state", "nothing is attached, and there are no rules");
        return section;
    }
    section.ok("state", fmt::format("generation {}", state->generation()));
    check_devices(section, *state);
    check_counts(section, *state);
    return section;
}

}  // namespace xdpctl::doctor
