// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/commit.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <functional>
#include <ranges>
#include <set>
#include <utility>

#include "compile/compile.h"
#include "kernel/interface.h"
#include "kernel/pin.h"
#include "kernel/rule_slots.h"
#include "kernel/settle.h"
#include "kernel/survey.h"
#include "kernel/transfer.h"

namespace xdpctl::kernel {

namespace fs = std::filesystem;

namespace {

// A device that the commit attaches, or takes over from another chain.
struct Joining {
    DeviceSlot slot{};
    std::optional<xdpctl_device> bound;  // to the slot already, from an earlier attachment
    Interface interface;
    xdpctl_mode mode = XDPCTL_MODE_AUTO;
    const LiveChain* from = nullptr;  // the chain it leaves
    SurveyedDevice in_from;
};

struct ChainPlan {
    explicit ChainPlan(const NamedChain& chain_in_text) : named(chain_in_text) {}

    NamedChain named;
    LiveChain* running = nullptr;                                                          // null for a new chain
    std::unique_ptr<LiveChain> created;                                                    // of a new chain
    std::vector<std::string> device_names = std::vector<std::string>(XDPCTL_DEVICES_MAX);  // by slot
    RuleSlots slot_table;
    std::vector<RuleSlot> rule_slots;
    compile::Program program;
    std::vector<Joining> joining;

    [[nodiscard]] LiveChain& live() const { return created ? *created : *running; }
    [[nodiscard]] const ruleset::Chain& chain() const { return *named.chain; }
};

bool contains(const std::vector<std::string>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

// A slot kept for a device that is not attached.
xdpctl_device seat_of(const Interface& interface) {
    xdpctl_device device{};
    interface.name.copy(device.name, sizeof(device.name) - 1);
    return device;
}

xdpctl_device device_entry(const Interface& interface, const Attachment& attachment) {
    xdpctl_device device = seat_of(interface);
    device.ifindex = std::to_underlying(interface.index);
    device.attachment = attachment.kind;
    device.mode = attachment.mode;
    device.program_id = attachment.program_id;
    device.attached_at = static_cast<std::uint64_t>(std::time(nullptr));
    return device;
}

class Commit {
public:
    Commit(Live& live, ruleset::Ruleset next, const CommitOptions& options, Warnings& warnings)
        : live_(live),
          generation_{live.generation.number + 1, std::move(next)},
          options_(options),
          warnings_(warnings) {}

    Status run() {
        if (Status done = change(); !done) {
            undo();
            return done;
        }
        live_.generation = std::move(generation_);
        for (ChainPlan& plan : plans_) {
            if (plan.created)
                live_.chains.insert_or_assign(plan.created->key(), std::move(plan.created));
        }
        std::erase_if(live_.chains, [&](const auto& item) { return !keys_.contains(item.first); });
        settle(live_, warnings_);
        return {};
    }

private:
    Status change() {
        XDPCTL_TRY(plan());
        XDPCTL_TRY(prepare());
        XDPCTL_TRY(attach_joining());
        XDPCTL_TRY(publish_all());
        return name_generation(live_.layout, generation_.number);
    }

    // Plan.

    Status plan() {
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
        for (ruleset::Table& table : generation_.ruleset.tables) {
            for (ruleset::Chain& chain : table.chains)
                XDPCTL_TRY(plan_chain(table, chain));
        }
        return {};
    }

    Status plan_chain(const ruleset::Table& table, ruleset::Chain& chain) {
        ChainPlan& plan = plans_.emplace_back(NamedChain{&table, &chain});
        keys_.insert(plan.named.key());
        if (const auto found = live_.chains.find(plan.named.key()); found != live_.chains.end())
            plan.running = found->second.get();
        XDPCTL_TRY(plan_devices(plan, chain));
        if (plan.running != nullptr) {
            auto slots = RuleSlots::read(plan.running->maps());
            if (!slots)
                return std::unexpected(std::move(slots).error());
            plan.slot_table = std::move(*slots);
        }
        auto rule_slots = plan.slot_table.assign(chain.rules);
        if (!rule_slots)
            return std::unexpected(std::move(rule_slots).error());
        plan.rule_slots = std::move(*rule_slots);
        auto program = compile::compile(chain, {.rule_slots = plan.rule_slots, .device_names = plan.device_names});
        if (!program)
            return std::unexpected(std::move(program).error());
        plan.program = std::move(*program);
        return {};
    }

    Status plan_devices(ChainPlan& plan, ruleset::Chain& chain) {
        const std::vector<SurveyedDevice>& bound = bound_[plan.named.key()];
        follow_renames(bound, chain);
        const std::vector<std::string> names = claim_names(bound, chain.devices);
        std::vector<bool> taken(XDPCTL_DEVICES_MAX);
        std::map<std::string_view, const SurveyedDevice*> by_name;
        for (std::size_t i = 0; i < bound.size(); ++i) {
            const auto slot = std::to_underlying(bound[i].slot);
            taken[slot] = true;
            plan.device_names[slot] = names[i];
            if (!names[i].empty())
                by_name.emplace(names[i], &bound[i]);
        }
        for (const std::string& name : chain.devices) {
            const auto found = by_name.find(name);
            const SurveyedDevice* device = found == by_name.end() ? nullptr : found->second;
            if (device != nullptr && device->is_active()) {
                say_when_mode_differs(*device, chain.hook, name);
                continue;
            }
            auto interface = joining_interface(plan, name);
            if (!interface)
                return std::unexpected(std::move(interface).error());
            if (!*interface)
                continue;
            Joining joining{.slot = {},
                            .bound = {},
                            .interface = **interface,
                            .mode = mode_of(name),
                            .from = nullptr,
                            .in_from = {}};
            find_elsewhere(plan.named.key(), joining);
            if (device != nullptr) {
                joining.slot = device->slot;
                joining.bound = device->device;
            } else {
                const auto free = std::ranges::find(taken, false);
                if (free == taken.end())
                    return fail(
                        ErrorKind::Limit, fmt::format("cannot attach {} to {}", name, plan.named.text()),
                        fmt::format("a chain has room for {} devices, those that leave included", XDPCTL_DEVICES_MAX),
                        "detach devices first, then attach the new ones");
                *free = true;
                joining.slot = DeviceSlot{static_cast<std::uint16_t>(free - taken.begin())};
                plan.device_names[std::to_underlying(joining.slot)] = name;
            }
            plan.joining.push_back(std::move(joining));
        }
        return {};
    }

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

    xdpctl_mode mode_of(const std::string& name) const {
        const auto found = options_.modes.find(name);
        return found == options_.modes.end() ? XDPCTL_MODE_AUTO : found->second;
    }

    void say_when_mode_differs(const SurveyedDevice& device, ruleset::Hook hook, const std::string& name) {
        const xdpctl_mode mode = mode_of(name);
        if (hook == ruleset::Hook::Ingress && mode != XDPCTL_MODE_AUTO && mode != device.device.mode)
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

    // Prepare.

    Status prepare() {
        XDPCTL_TRY(make_directory(live_.layout.next()));
        XDPCTL_TRY(store_ruleset(live_.layout.next(), generation_));
        XDPCTL_TRY(verify_stored());
        for (ChainPlan& plan : plans_) {
            XDPCTL_TRY(prepare_chain(plan));
            for (const auto& [layer, datapath] : plan.live().layers())
                XDPCTL_TRY(load_classifier(plan, datapath));
        }
        return {};
    }

    // A ruleset that could not be read back would lock everybody out.
    Status verify_stored() {
        auto stored = load_ruleset(live_.layout.next());
        if (!stored)
            return std::unexpected(std::move(stored).error());
        if (stored->ruleset != generation_.ruleset)
            return fail(ErrorKind::Failed, "cannot store the ruleset",
                        "its text does not mean the same when read back");
        return {};
    }

    Status prepare_chain(ChainPlan& plan) {
        if (plan.running == nullptr) {
            auto created = LiveChain::create(live_.layout, plan.named.key());
            if (!created)
                return std::unexpected(std::move(created).error());
            plan.created = std::move(*created);
            XDPCTL_TRY(plan.live().write_policy(plan.chain().policy));
        }
        return plan.slot_table.write_assigned(plan.live().maps());
    }

    Result<Fd> load_classifier(const ChainPlan& plan, const Datapath& datapath) {
        auto classifier = datapath.load_classifier(plan.program);
        if (!classifier)
            return std::unexpected(
                std::move(classifier).error().within(fmt::format("cannot load {}", plan.named.text())));
        const LayerKey key{plan.named.key(), datapath.layer()};
        XDPCTL_TRY(pin_object(*classifier, Layout::classifier(live_.layout.next(), key)));
        return classifier;
    }

    // A layer that no device has used so far gets the new classifier before its first device.
    Result<const Datapath*> layer_of_joining(const ChainPlan& plan, Layer layer) {
        LiveChain& chain = plan.live();
        if (const auto found = chain.layers().find(layer); found != chain.layers().end())
            return &found->second;
        const auto datapath = chain.create_layer(live_.layout, layer);
        if (!datapath)
            return datapath;
        const auto classifier = load_classifier(plan, **datapath);
        if (!classifier)
            return std::unexpected(classifier.error());
        XDPCTL_TRY((*datapath)->publish(*classifier));
        return datapath;
    }

    // Attach.

    Status attach_joining() {
        for (const ChainPlan& plan : plans_) {
            for (const Joining& joining : plan.joining)
                XDPCTL_TRY(attach_device(plan, joining));
        }
        return {};
    }

    Status attach_device(const ChainPlan& plan, const Joining& joining) {
        XDPCTL_TRY(take_seat(plan.live(), joining));
        if (joining.from == nullptr)
            return attach_anew(plan, joining);
        const xdpctl_device& device = joining.in_from.device;
        const bool same_mode = joining.mode == XDPCTL_MODE_AUTO || joining.mode == device.mode;
        if (same_mode && is_transferable(device))
            return take_over(plan, joining);
        XDPCTL_TRY(detach_from_old_chain(joining));
        return attach_anew(plan, joining);
    }

    // The slot in the new chain: what an earlier attachment of the device left there goes, and who takes it is written
    // down before it is taken.
    Status take_seat(const LiveChain& chain, const Joining& joining) {
        undo_.push_back([&chain, &joining] {
            return chain.write_device(joining.slot, joining.bound ? seat_of(joining.interface) : xdpctl_device{});
        });
        xdpctl_device device = seat_of(joining.interface);
        device.ifindex = std::to_underlying(joining.interface.index);
        if (!joining.bound)
            return chain.bind_device(joining.slot, device);
        if (is_attached(*joining.bound))
            XDPCTL_TRY(detach(IfIndex{joining.bound->ifindex}, chain.key().hook, attachment_of(*joining.bound),
                              live_.layout.link(chain.key(), joining.slot)));
        return chain.write_device(joining.slot, device);
    }

    Status attach_anew(const ChainPlan& plan, const Joining& joining) {
        const LiveChain& chain = plan.live();
        const fs::path pin = live_.layout.link(chain.key(), joining.slot);
        const OpenEntry open_entry = [&](Layer layer) -> Result<EntryObject> {
            const auto datapath = layer_of_joining(plan, layer);
            if (!datapath)
                return std::unexpected(datapath.error());
            return (*datapath)->open_entry(joining.slot);
        };
        const auto attachment = attach(joining.interface, chain.key().hook, joining.mode, open_entry, pin, warnings_);
        if (!attachment)
            return std::unexpected(attachment.error());
        undo_.push_back([&chain, &joining, attachment = *attachment, pin] {
            return detach(joining.interface.index, chain.key().hook, attachment, pin);
        });
        return chain.write_device(joining.slot, device_entry(joining.interface, *attachment));
    }

    Status take_over(const ChainPlan& plan, const Joining& joining) {
        const xdpctl_device& device = joining.in_from.device;
        const auto datapath = layer_of_joining(plan, layer_of(joining.from->key().hook, device));
        if (!datapath)
            return std::unexpected(datapath.error());
        const Seat from{*joining.from, joining.in_from.slot};
        const Seat to{plan.live(), joining.slot};
        XDPCTL_TRY(transfer(live_.layout, device, from, to));
        undo_.push_back([this, &device, from, to] { return transfer(live_.layout, device, to, from); });
        return {};
    }

    // Without a link there is a moment without rules.
    Status detach_from_old_chain(const Joining& joining) {
        const Seat from{*joining.from, joining.in_from.slot};
        const xdpctl_device& device = joining.in_from.device;
        const fs::path pin = live_.layout.link(from.chain.key(), from.slot);
        XDPCTL_TRY(detach(joining.interface.index, from.chain.key().hook, attachment_of(device), pin));
        undo_.push_back([this, &joining, &device, from, pin]() -> Status {
            const OpenEntry open_entry = [&](Layer layer) -> Result<EntryObject> {
                return from.chain.layers().at(layer).open_entry(from.slot);
            };
            const auto attachment = attach(joining.interface, from.chain.key().hook,
                                           static_cast<xdpctl_mode>(device.mode), open_entry, pin, warnings_);
            if (!attachment)
                return std::unexpected(attachment.error());
            return from.chain.write_device(from.slot, device_entry(joining.interface, *attachment));
        });
        warnings_.push_back(fmt::format("{} changed its chain with a moment without rules", joining.interface.name));
        return from.chain.write_device(from.slot, {});
    }

    // Publish.

    Status publish_all() {
        for (const ChainPlan& plan : plans_) {
            XDPCTL_TRY(publish(plan.live(), live_.layout.next()));
        }
        return {};
    }

    void undo() {
        // Nothing of the outcome is worth a second error: the next writer settles again.
        Warnings ignored;
        if (const auto directory = live_.directory()) {
            for (const auto& chain : live_.chains | std::views::values)
                (void)publish(*chain, *directory);
        }
        for (const auto& step : undo_ | std::views::reverse)
            (void)step();
        (void)return_transferred(live_);
        settle(live_, ignored);
    }

    Live& live_;
    Generation generation_;
    const CommitOptions& options_;
    Warnings& warnings_;
    std::vector<Interface> interfaces_;
    std::map<ChainKey, std::vector<SurveyedDevice>> bound_;  // of the running chains
    std::vector<ChainPlan> plans_;
    std::set<ChainKey> keys_;
    std::vector<std::function<Status()>> undo_;
};

}  // namespace

Status commit(Live& live, ruleset::Ruleset next, const CommitOptions& options, Warnings& warnings) {
    return Commit(live, std::move(next), options, warnings).run();
}

}  // namespace xdpctl::kernel
