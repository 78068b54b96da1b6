// SPDX-License-Identifier: BSD-2-Clause
// doctor: looks at everything the filter depends on, and says what is wrong, what follows, and what to do.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "cli/command.h"
#include "doctor/examine.h"
#include "doctor/render.h"
#include "kernel/interface.h"
#include "kernel/privilege.h"
#include "kernel/state.h"

namespace xdpctl::cli {

namespace {

using kernel::Interface;

struct Options {
    std::vector<std::string> interfaces;
    bool problems_only = false;
    bool strict = false;
};

struct Examination {
    doctor::Report report;
    bool everything = true;
};

std::string text(const Examination& examination) {
    return doctor::text(examination.report, examination.everything);
}

nlohmann::json json(const Examination& examination) {
    return doctor::json(examination.report);
}

std::string counted(std::size_t number, std::string_view noun) {
    return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

bool is_of(const kernel::DeviceStatus& place, const Interface& interface) {
    return (place.current_name.empty() ? place.name : place.current_name) == interface.name;
}

// The interfaces to look at: those named; else those in the ruleset; else all but the loopback device.
Result<std::vector<const Interface*>> select(const std::vector<std::string>& names, const std::vector<Interface>& all,
                                             const std::vector<kernel::DeviceStatus>& places) {
    std::vector<const Interface*> selected;
    for (const std::string& name : names) {
        const auto found = std::ranges::find(all, name, &Interface::name);
        if (found == all.end())
            return std::unexpected(kernel::find_interface(name).error());
        selected.push_back(&*found);
    }
    if (!names.empty())
        return selected;
    for (const Interface& interface : all)
        if (std::ranges::any_of(places, [&](const auto& place) { return is_of(place, interface); }))
            selected.push_back(&interface);
    if (!selected.empty())
        return selected;
    for (const Interface& interface : all)
        if (interface.name != "lo")
            selected.push_back(&interface);
    return selected;
}

Result<doctor::Report> examine(const std::vector<std::string>& names) {
    const auto all = kernel::interfaces();
    if (!all)
        return std::unexpected(all.error());
    const auto missing = kernel::missing_privileges();
    const bool privileged = missing && missing->empty();

    doctor::Report report;
    report.sections.push_back(doctor::examine_host());
    std::vector<kernel::DeviceStatus> places;
    if (privileged) {
        report.sections.push_back(doctor::examine_features());
        const auto state = kernel::State::open();
        report.sections.push_back(doctor::examine_state(state));
        if (state)
            places = state->devices().value_or(std::vector<kernel::DeviceStatus>());
    }
    const auto selected = select(names, *all, places);
    if (!selected)
        return std::unexpected(selected.error());
    for (const Interface* interface : *selected) {
        doctor::Device device{.interface = *interface, .all = *all, .places = {}};
        std::ranges::copy_if(places, std::back_inserter(device.places),
                             [&](const auto& place) { return is_of(place, *interface); });
        report.sections.push_back(doctor::examine_device(device));
    }
    return report;
}

Status run(Session& session, const Options& options) {
    auto report = examine(options.interfaces);
    if (!report)
        return std::unexpected(std::move(report).error());
    const Examination examination{std::move(*report), !options.problems_only};
    session.output.show(examination);
    const std::size_t problems = examination.report.count(doctor::Severity::Problem);
    const std::size_t warnings = examination.report.count(doctor::Severity::Warning);
    if (problems == 0 && (warnings == 0 || !options.strict))
        return {};
    return fail(ErrorKind::Failed, fmt::format("the doctor is not content: {} and {}", counted(problems, "problem"),
                                               counted(warnings, "warning")));
}

}  // namespace

Action declare_doctor(CLI::App& parser) {
    auto options = std::make_shared<Options>();
    parser.add_option("IFACE", options->interfaces, "Interfaces; those of the ruleset when not given")->type_name("");
    parser.add_flag("--problems", options->problems_only, "Leave out what is as it should be");
    parser.add_flag("--strict", options->strict, "Let warnings count for the exit status too");
    return [options](Session& session) { return run(session, *options); };
}

}  // namespace xdpctl::cli
