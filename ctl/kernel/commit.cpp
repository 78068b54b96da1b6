// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/commit.h"

#include <fmt/format.h>

#include <ctime>
#include <functional>
#include <future>
#include <ranges>
#include <set>
#include <utility>

#include "kernel/overlay.h"
#include "kernel/pin.h"
#include "kernel/plan.h"
#include "kernel/settle.h"
#include "kernel/transfer.h"
#include "kernel/verify_text.h"

namespace xdpctl::kernel {

namespace fs = std::filesystem;

namespace {

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

xdpctl_overlay no_overlay(const xdpctl_tuple_config& tables) {
    return {.front = 0,
            .behind = 0,
            .records4 = {tables.records4.offset, tables.records4.size},
            .records6 = {tables.records6.offset, tables.records6.size},
            .erases = 0,
            .erased = 0};
}

class Commit {
public:
    // `verified`: whether the text that is stored can be read back.
    Commit(Live& live, Generation next, CommitPlan plan, std::future<Status> verified, Warnings& warnings)
        : live_(live),
          generation_(std::move(next)),
          plans_(std::move(plan.chains)),
          limit_plan_(std::move(plan.limits)),
          sets_(std::move(plan.sets)),
          verified_(std::move(verified)),
          warnings_(warnings) {}

    Status run() {
        if (Status done = change(); !done) {
            undo();
            return done;
        }
        adopt();
        settle(live_, warnings_);
        return {};
    }

private:
    Status change() {
        XDPCTL_TRY(prepare());
        XDPCTL_TRY(attach_joining());
        XDPCTL_TRY(publish_all());
        return name_generation(live_.layout, generation_.number);
    }

    void adopt() {
        std::set<ChainKey> keys;
        for (ChainPlan& plan : plans_) {
            keys.insert(plan.named.key());
            if (plan.new_rules)
                plan.live().set_rules(*std::move(plan.new_rules));
            if (plan.created)
                live_.chains.insert_or_assign(plan.named.key(), std::move(plan.created));
        }
        std::erase_if(live_.chains, [&](const auto& item) { return !keys.contains(item.first); });
        live_.generation = std::move(generation_);
        live_.limits = std::move(limits_);
        live_.sets = std::move(sets_);
    }

    // Prepare.

    Status prepare() {
        XDPCTL_TRY(make_directory(live_.layout.next()));
        XDPCTL_TRY(store_generation(live_.layout.next(), generation_, sets_));
        XDPCTL_TRY(prepare_limits());
        XDPCTL_TRY(prepare_lookups());
        for (ChainPlan& plan : plans_) {
            XDPCTL_TRY(prepare_chain(plan));
            for (const auto& [layer, datapath] : plan.live().layers())
                XDPCTL_TRY(load_classifier(plan, datapath));
        }
        return verified_.get();
    }

    // What runs takes from none of the buckets that are written.
    Status prepare_limits() {
        if (limit_plan_.slots.empty())
            return {};
        auto limits = live_.limits ? live_.limits->duplicate() : LimitMap::create();
        if (!limits)
            return std::unexpected(std::move(limits).error());
        limits_ = *std::move(limits);
        if (limit_plan_.reuses_buckets)
            XDPCTL_TRY(wait_for_running_programs());
        XDPCTL_TRY(write_limits(*limits_, limit_plan_));
        return limits_->pin(Layout::limits(live_.layout.next()));
    }

    // Joint images are made once for all layers, and only of sets that are others than before.
    Status prepare_lookups() {
        JointMaps former;
        if (const auto running = live_.directory()) {
            auto opened = JointMaps::open(*running);
            if (!opened)
                return std::unexpected(std::move(opened).error());
            former = *std::move(opened);
        }
        for (ChainPlan& plan : plans_) {
            std::vector<const SetMaps*> sets;
            for (const ruleset::Set* set : plan.sets)
                sets.push_back(&sets_.at(set->handle));
            auto lookups = joints_.maps_for(plan.classifier, std::move(sets), former);
            if (!lookups)
                return std::unexpected(
                    std::move(lookups).error().within(fmt::format("cannot load {}", plan.named.text())));
            plan.lookups = *std::move(lookups);
        }
        return joints_.pin(live_.layout.next());
    }

    Status prepare_chain(ChainPlan& plan) {
        if (plan.running == nullptr) {
            auto created = LiveChain::create(live_.layout, plan.named.key());
            if (!created)
                return std::unexpected(std::move(created).error());
            plan.created = std::move(*created);
            XDPCTL_TRY(plan.live().write_policy(plan.chain().policy));
        }
        return prepare_rules(plan);
    }

    Status prepare_rules(ChainPlan& plan) {
        const ChainKey key = plan.named.key();
        const RuleMaps* former = plan.running != nullptr ? plan.running->former_rules() : nullptr;
        if (plan.slots.size_of_new_maps != 0) {
            if (former != nullptr)
                return fail(ErrorKind::Failed, fmt::format("cannot grow {}", plan.named.text()),
                            "the counts of its last growth could not be taken over");
            auto created = RuleMaps::create(plan.slots.size_of_new_maps);
            if (!created)
                return std::unexpected(std::move(created).error());
            plan.new_rules = *std::move(created);
            if (plan.running != nullptr)
                former = &plan.running->rules();
        } else if (plan.slots.reuses_retired) {
            XDPCTL_TRY(wait_for_running_programs());
        }
        if (former != nullptr)
            XDPCTL_TRY(pin_rules(*former, Layout::former_rules(live_.layout.next(), key)));
        write_slots(plan.rules(), plan.slots, SlottedRules(plan.named));
        if (const auto* tables = plan.tables())
            XDPCTL_TRY(store_overlay(live_.layout.next(), key, no_overlay(tables->config)));
        return pin_rules(plan.rules(), Layout::rules(live_.layout.next(), key));
    }

    static Status pin_rules(const RuleMaps& rules, const fs::path& directory) {
        XDPCTL_TRY(make_directory(directory));
        return rules.pin(directory);
    }

    Result<Fd> load_classifier(const ChainPlan& plan, const Datapath& datapath) {
        XDPCTL_TRY(check_fields(plan.chain(), plan.named.table, datapath.layer()));
        auto classifier =
            datapath.load_classifier(plan.classifier, plan.rules(), plan.lookups, limits_ ? &*limits_ : nullptr);
        if (!classifier)
            return std::unexpected(
                std::move(classifier).error().within(fmt::format("cannot load {}", plan.named.text())));
        const LayerKey key{plan.named.key(), datapath.layer()};
        XDPCTL_TRY(pin_object(*classifier, Layout::classifier(live_.layout.next(), key)));
        if (plan.tables() != nullptr)
            XDPCTL_TRY(pin_object(*classifier, Layout::tables(live_.layout.next(), key)));
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
        for (const ChainPlan& plan : plans_)
            XDPCTL_TRY(publish(plan.live(), live_.layout.next()));
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
    std::vector<ChainPlan> plans_;
    LimitPlan limit_plan_;
    std::optional<LimitMap> limits_;
    GenerationSets sets_;
    JointMaps joints_;
    std::future<Status> verified_;
    Warnings& warnings_;
    std::vector<std::function<Status()>> undo_;
};

}  // namespace

Status commit(Live& live, ruleset::Ruleset next, const CommitOptions& options, Warnings& warnings) {
    // Beside compiling and storing, which may change names of devices, and so on a copy; afterwards where no thread can
    // be had. Elements that are not in the text were checked when they were read. The copy goes before the text is
    // written, which takes the most memory.
    auto verified = std::async(std::launch::async | std::launch::deferred,
                               [&running = live.generation.ruleset, stored = without_elements(next)]() mutable {
                                   Status status = verify_text(running, stored);
                                   stored = {};
                                   return status;
                               });
    Generation generation{live.generation.number + 1, std::move(next)};
    auto plans = plan_commit(live, generation.ruleset, options, warnings);
    if (!plans)
        return std::unexpected(std::move(plans).error());
    return Commit(live, std::move(generation), std::move(*plans), std::move(verified), warnings).run();
}

}  // namespace xdpctl::kernel
