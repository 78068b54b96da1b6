// SPDX-License-Identifier: BSD-2-Clause
#include "cli/saved.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "cli/change.h"
#include "kernel/interface.h"
#include "lang/parse.h"
#include "lang/print.h"
#include "ruleset/edit.h"
#include "stats/names.h"

namespace xdpctl::cli {

namespace {

constexpr std::string_view first_line = "# saved by xdpctl, version 1\n";
constexpr std::string_view last_line = "# end\n";
constexpr std::string_view mode_line = "# mode ";

constexpr xdpctl_mode ingress_modes[] = {XDPCTL_MODE_NATIVE, XDPCTL_MODE_GENERIC, XDPCTL_MODE_OFFLOAD, XDPCTL_MODE_TC};

void for_each_chain(ruleset::Ruleset& ruleset, const auto& action) {
    for (ruleset::Table& table : ruleset.tables)
        for (ruleset::Chain& chain : table.chains)
            action(table, chain);
}

// "eth0 native"
std::optional<std::pair<std::string, xdpctl_mode>> parse_mode(std::string_view words) {
    const std::size_t space = words.find(' ');
    if (space == 0 || space == std::string_view::npos)
        return std::nullopt;
    const auto mode = std::ranges::find(ingress_modes, words.substr(space + 1),
                                        [](xdpctl_mode candidate) { return stats::name(candidate); });
    if (mode == std::end(ingress_modes))
        return std::nullopt;
    return std::pair(std::string(words.substr(0, space)), *mode);
}

// Native was what worked best; where it does not work any more the next best is taken, with a warning.
xdpctl_mode mode_to_ask_for(xdpctl_mode saved) {
    return saved == XDPCTL_MODE_NATIVE ? XDPCTL_MODE_AUTO : saved;
}

// An interface in the saved ruleset that is not attached yet.
struct Place {
    ruleset::ChainName chain;
    ruleset::Hook hook{};
    std::string device;
};

class Restoration {
public:
    Restoration(Session& session, kernel::State& state, Saved saved)
        : session_(session), state_(state), next_(std::move(saved.ruleset)), modes_(std::move(saved.modes)) {}

    Result<Restored> run() {
        XDPCTL_TRY(ruleset::adopt_handles(state_.ruleset(), next_));
        XDPCTL_TRY(look_for_devices());
        kernel::CommitOptions options;
        for (const Place& place : joining_)
            options.modes[place.device] = mode_of(place.device);
        kernel::Warnings warnings;
        if (const Status done = state_.commit(next_, options, warnings); done) {
            session_.output.warn(warnings);
        } else if (joining_.empty()) {
            return std::unexpected(done.error());
        } else {
            XDPCTL_TRY(attach_one_by_one());
        }
        return Restored{state_.ruleset(), std::move(missing_), std::move(failed_)};
    }

private:
    xdpctl_mode mode_of(const std::string& device) const {
        const auto found = modes_.find(device);
        return found == modes_.end() ? XDPCTL_MODE_AUTO : mode_to_ask_for(found->second);
    }

    Status look_for_devices() {
        const auto interfaces = kernel::interfaces();
        if (!interfaces)
            return std::unexpected(interfaces.error());
        const auto attached = state_.devices();
        if (!attached)
            return std::unexpected(attached.error());
        for_each_chain(next_, [&](const ruleset::Table& table, const ruleset::Chain& chain) {
            for (const std::string& name : chain.devices) {
                const bool active = std::ranges::any_of(*attached, [&](const kernel::DeviceStatus& device) {
                    return device.hook == chain.hook && device.current_name == name &&
                           device.presence == kernel::Presence::Active;
                });
                if (std::ranges::find(*interfaces, name, &kernel::Interface::name) == interfaces->end())
                    missing_.push_back(name);
                else if (!active)
                    joining_.push_back({{table.name, chain.name}, chain.hook, name});
            }
        });
        return {};
    }

    // The ruleset without what is to be attached, then one interface after the other: one of them failed.
    Status attach_one_by_one() {
        for_each_chain(next_, [&](const ruleset::Table& table, ruleset::Chain& chain) {
            std::erase_if(chain.devices, [&](const std::string& name) {
                return std::ranges::any_of(joining_, [&](const Place& place) {
                    return place.device == name && place.chain.table == table.name && place.chain.chain == chain.name;
                });
            });
        });
        XDPCTL_TRY(commit(session_, state_, next_));
        for (const Place& place : joining_) {
            if (const Status done = attach(place); !done) {
                session_.output.warn(done.error().text());
                failed_.push_back(place.device);
            }
        }
        return {};
    }

    Status attach(const Place& place) {
        ruleset::Ruleset with_device = state_.ruleset();
        XDPCTL_TRY(ruleset::add_device(with_device, place.chain, place.hook, place.device));
        kernel::CommitOptions options;
        options.modes[place.device] = mode_of(place.device);
        return commit(session_, state_, std::move(with_device), options);
    }

    Session& session_;
    kernel::State& state_;
    ruleset::Ruleset next_;
    std::map<std::string, xdpctl_mode> modes_;
    std::vector<Place> joining_;
    std::vector<std::string> missing_;
    std::vector<std::string> failed_;
};

}  // namespace

Result<Saved> save_state(const kernel::State& state) {
    const auto counts = state.rule_counts();
    if (!counts)
        return std::unexpected(counts.error());
    const auto devices = state.devices();
    if (!devices)
        return std::unexpected(devices.error());

    Saved saved{.ruleset = state.ruleset(), .modes = {}};
    for_each_chain(saved.ruleset, [&](const ruleset::Table&, ruleset::Chain& chain) {
        for (ruleset::Rule& rule : chain.rules)
            if (const auto found = counts->find(rule.handle); found != counts->end())
                rule.start_counter(found->second);
    });
    for (const kernel::DeviceStatus& device : *devices)
        if (device.presence == kernel::Presence::Active && device.hook == ruleset::Hook::Ingress)
            saved.modes[device.name] = device.attachment.mode;
    return saved;
}

std::string print_saved(const Saved& saved, bool with_counters) {
    std::string out(first_line);
    for (const auto& [device, mode] : saved.modes)
        out += fmt::format("{}{} {}\n", mode_line, device, stats::name(mode));
    out += lang::print_ruleset(
        saved.ruleset, {.handles = false, .stateless = !with_counters, .count = {}, .times_left = true});
    return out.append(last_line);
}

Result<Saved> parse_saved(std::string_view content, const std::string& name) {
    if (!content.starts_with(first_line))
        return fail(ErrorKind::Input, fmt::format("{} was not written by xdpctl save", name), {},
                    fmt::format("a ruleset file is applied by: xdpctl apply -f {}", name));
    if (!content.ends_with(last_line))
        return fail(ErrorKind::Input, fmt::format("{} is cut off", name), "its last line is missing");
    auto ruleset = lang::parse_ruleset(content, name);
    if (!ruleset)
        return std::unexpected(std::move(ruleset).error());

    Saved saved{.ruleset = std::move(*ruleset), .modes = {}};
    std::string_view rest = content.substr(first_line.size());
    while (rest.starts_with(mode_line)) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        auto mode = parse_mode(line.substr(mode_line.size()));
        if (!mode)
            return fail(ErrorKind::Input, fmt::format("{} is damaged", name), fmt::format("bad line '{}'", line));
        saved.modes.insert(std::move(*mode));
        rest.remove_prefix(line.size() + 1);
    }
    return saved;
}

Result<Restored> restore_state(Session& session, kernel::State& state, Saved saved) {
    return Restoration(session, state, std::move(saved)).run();
}

}  // namespace xdpctl::cli
