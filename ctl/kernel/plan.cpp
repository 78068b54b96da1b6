// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "compile/lookups.h"
#include "kernel/load.h"

namespace xdpctl::kernel {

namespace {

bool contains(const std::vector<std::string>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

class Planner {
public:
    Planner(const Live& live, const CommitOptions& options, Warnings& warnings)
        : live_(live), options_(options), warnings_(warnings) {}

    Result<CommitPlan> run(ruleset::Ruleset& next) {
        XDPCTL_TRY(look_around());
        CommitPlan out;
        auto limits = plan_limits(live_.limits ? &*live_.limits : nullptr, live_.generation.ruleset, next);
        if (!limits)
            return std::unexpected(std::move(limits).error());
        limits_ = *std::move(limits);
        for (ruleset::Table& table : next.tables) {
            for (ruleset::Chain& chain : table.chains) {
                if (!chain.is_base)
                    continue;
                auto plan = plan_chain(table, chain);
                if (!plan)
                    return std::unexpected(std::move(plan).error());
                out.chains.push_back(std::move(*plan));
            }
        }
        XDPCTL_TRY(plan_sets(next, out.sets));
        out.limits = std::move(limits_);
        return out;
    }

private:
    Status look_around() {
        auto found = interfaces();
        if (!found)
            return std::unexpected(std::move(found).error());
        interfaces_ = std::move(*found);
        for (const auto& [key, chain] : live_.chains) {
            auto surveyed = survey(live_.layout, *chain, interfaces_);
            if (!surveyed)
                return std::unexpected(std::move(surveyed).error());
            bound_.emplace(key, std::move(*surveyed));
        }
        return {};
    }

    Status plan_sets(const ruleset::Ruleset& next, GenerationSets& out) const {
        for (const ruleset::Table& table : next.tables) {
            for (const ruleset::Set& set : table.sets) {
                if (!compile::is_looked_up(set))
                    continue;
                auto maps = maps_of(table, set);
                if (!maps)
                    return std::unexpected(std::move(maps).error());
                out.emplace(set.handle, *std::move(maps));
            }
        }
        return {};
    }

    // Those that run, when they have the same elements; many changes are worth a new image.
    Result<SetMaps> maps_of(const ruleset::Table& table, const ruleset::Set& set) const {
        const auto running = live_.sets.find(set.handle);
        const ruleset::Table* old_table = live_.generation.ruleset.find_table(table.name);
        const ruleset::Set* old = old_table == nullptr ? nullptr : old_table->find_set(set.name);
        if (running == live_.sets.end() || old == nullptr || *old != set)
            return make_set(set);
        const auto changes = pending_changes(running->second);
        if (!changes)
            return std::unexpected(changes.error());
        return *changes >= changes_max ? make_set(set) : running->second.duplicate();
    }

    Result<ChainPlan> plan_chain(const ruleset::Table& table, ruleset::Chain& chain) {
        ChainPlan plan(NamedChain{&table, &chain});
        if (const auto found = live_.chains.find(plan.named.key()); found != live_.chains.end())
            plan.running = found->second.get();
        follow_renames(bound_[plan.named.key()], chain);
        XDPCTL_TRY(plan_devices(plan));
        XDPCTL_TRY(plan_rules(plan));
        return plan;
    }

    Status plan_rules(ChainPlan& plan) {
        std::span<const xdpctl_rule_slot> running;
        if (plan.running != nullptr)
            running = plan.running->rules().slots();
        const SlottedRules rules(plan.named);
        plan.slots = plan_slots(running, rules);
        std::vector<LimitSlot> limit_slots(plan.slots.slots.size());
        if (!limits_.slots.empty())
            std::ranges::transform(rules, limit_slots.begin(), [&](const auto& rule) { return limits_.slot(rule); });
        auto sets = compile::looked_up_sets(plan.chain(), *plan.named.table);
        if (!sets)
            return std::unexpected(std::move(sets).error());
        plan.sets = *std::move(sets);
        auto classifier = compile::compile(plan.chain(), {.table = plan.named.table,
                                                          .sets = plan.sets,
                                                          .rule_slots = plan.slots.slots,
                                                          .limit_slots = limit_slots,
                                                          .device_names = plan.device_names,
                                                          .loops = loops_supported(),
                                                          .progress = options_.progress});
        if (!classifier)
            return std::unexpected(std::move(classifier).error());
        plan.classifier = std::move(*classifier);
        return {};
    }

    Status plan_devices(ChainPlan& plan) {
        const std::vector<SurveyedDevice>& bound = bound_[plan.named.key()];
        const std::vector<std::string> names = claim_names(bound, plan.chain().devices);
        std::vector<bool> taken(XDPCTL_DEVICES_MAX);
        plan.device_names.resize(XDPCTL_DEVICES_MAX);
        for (std::size_t i = 0; i < bound.size(); ++i) {
            taken[std::to_underlying(bound[i].slot)] = true;
            plan.device_names[std::to_underlying(bound[i].slot)] = names[i];
        }
        for (const std::string& name : plan.chain().devices) {
            const auto claimed = std::ranges::find(names, name);
            const SurveyedDevice* device =
                claimed == names.end() ? nullptr : &bound[static_cast<std::size_t>(claimed - names.begin())];
            if (device != nullptr && device->is_active()) {
                say_when_mode_differs(*device, plan.chain().hook, name);
                continue;
            }
            const auto interface = joining_interface(plan, name);
            if (!interface)
                return std::unexpected(interface.error());
            if (*interface == nullptr)
                continue;
            const auto slot = device != nullptr ? std::optional(device->slot) : take_slot(taken);
            if (!slot)
                return fail(
                    ErrorKind::Limit, fmt::format("cannot attach {} to {}", name, plan.named.text()),
                    fmt::format("a chain has room for {} devices, those that leave included", XDPCTL_DEVICES_MAX),
                    "detach devices first, then attach the new ones");
            plan.device_names[std::to_underlying(*slot)] = name;
            plan.joining.push_back({.slot = *slot,
                                    .bound = device != nullptr ? std::optional(device->device) : std::nullopt,
                                    .interface = **interface,
                                    .mode = mode_of(name, plan.chain().hook),
                                    .from = nullptr,
                                    .in_from = {}});
            find_elsewhere(plan.named.key(), plan.joining.back());
        }
        return {};
    }

    static std::optional<DeviceSlot> take_slot(std::vector<bool>& taken) {
        const auto free = std::ranges::find(taken, false);
        if (free == taken.end())
            return std::nullopt;
        *free = true;
        return DeviceSlot{static_cast<std::uint16_t>(free - taken.begin())};
    }

    // The chain that has the device attached so far.
    void find_elsewhere(const ChainKey& key, Joining& joining) const {
        for (const auto& [other, devices] : bound_) {
            if (other == key || other.hook != key.hook)
                continue;
            const auto found = std::ranges::find_if(devices, [&](const SurveyedDevice& device) {
                return device.is_active() && device.current_name == joining.interface.name;
            });
            if (found != devices.end()) {
                joining.from = live_.chains.at(other).get();
                joining.in_from = *found;
            }
        }
    }

    // A renamed device stays with its chain, under its new name, unless the command means another device which now has
    // the old name.
    void follow_renames(std::span<const SurveyedDevice> bound, ruleset::Chain& chain) {
        for (const SurveyedDevice& device : bound) {
            const std::string old_name(name_of(device.device));
            const std::string& name = device.current_name;
            if (name.empty() || name == old_name || contains(chain.devices, name))
                continue;
            const auto named = std::ranges::find(chain.devices, old_name);
            if (named == chain.devices.end())
                continue;
            if (is_asked_for(old_name) && find_by_name(interfaces_, old_name) != nullptr)
                continue;
            warnings_.push_back(fmt::format("{} is called {} now: the ruleset follows", old_name, name));
            *named = name;
        }
    }

    bool is_asked_for(const std::string& name) const {
        return options_.require_devices || options_.modes.contains(name);
    }

    // Modes are those of ingress: at egress there is only one.
    xdpctl_mode mode_of(const std::string& name, ruleset::Hook hook) const {
        const auto found = options_.modes.find(name);
        return found == options_.modes.end() || hook == ruleset::Hook::Egress ? XDPCTL_MODE_AUTO : found->second;
    }

    void say_when_mode_differs(const SurveyedDevice& device, ruleset::Hook hook, const std::string& name) {
        const xdpctl_mode mode = mode_of(name, hook);
        if (mode != XDPCTL_MODE_AUTO && mode != device.device.mode)
            warnings_.push_back(fmt::format("{} stays attached as it is: detach it first to change its mode", name));
    }

    // The interface to attach; none when the device is left out.
    Result<const Interface*> joining_interface(const ChainPlan& plan, const std::string& name) {
        const Interface* interface = find_by_name(interfaces_, name);
        if (interface == nullptr && is_asked_for(name)) {
            auto missing = find_interface(name);
            if (!missing)
                return std::unexpected(std::move(missing).error());
        }
        const ruleset::Chain* running = live_.generation.ruleset.find_chain(plan.named.table->name, plan.chain().name);
        const bool is_new =
            running == nullptr || running->hook != plan.chain().hook || !contains(running->devices, name);
        if (interface == nullptr) {
            if (is_new)
                warnings_.push_back(fmt::format("{} does not exist: it is left out until it is attached", name));
            return nullptr;
        }
        if (!is_new && !is_asked_for(name)) {
            warnings_.push_back(
                fmt::format("{} is there but not attached: attach it again with xdpctl attach {}", name, name));
            return nullptr;
        }
        return interface;
    }

    const Live& live_;
    const CommitOptions& options_;
    Warnings& warnings_;
    LimitPlan limits_;
    std::vector<Interface> interfaces_;
    std::map<ChainKey, std::vector<SurveyedDevice>> bound_;  // of the running chains
};

}  // namespace

Result<CommitPlan> plan_commit(const Live& live, ruleset::Ruleset& next, const CommitOptions& options,
                               Warnings& warnings) {
    return Planner(live, options, warnings).run(next);
}

}  // namespace xdpctl::kernel
