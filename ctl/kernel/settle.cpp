// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/settle.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ranges>
#include <set>
#include <system_error>

#include "kernel/interface.h"
#include "kernel/observer_places.h"
#include "kernel/overlay.h"
#include "kernel/pin.h"
#include "kernel/program.h"
#include "kernel/rule_slots.h"
#include "kernel/survey.h"
#include "kernel/transfer.h"
#include "kernel/unrecorded.h"

namespace xdpctl::kernel {

namespace fs = std::filesystem;

namespace {

template <typename T>
Status status_of(const Result<T>& result) {
    return result ? Status{} : std::unexpected(result.error());
}

class Settling {
public:
    Settling(Live& live, Warnings& warnings) : live_(live), warnings_(warnings) {}

    void run() {
        remove_other_generations();
        remove_other_chains();
        if (const auto found = interfaces(); note(status_of(found))) {
            for (const NamedChain& named : chains_of(live_.generation.ruleset))
                settle_chain(named, *found);
        }
        note(tidy_observers(live_));
        settle_rules();
        if (live_.generation.ruleset.tables.empty())
            leave_nothing();
    }

private:
    // Whether it succeeded.
    bool note(const Status& status) {
        if (!status)
            warnings_.push_back(status.error().text());
        return status.has_value();
    }

    void remove_other_generations() {
        note(remove_pins(live_.layout.next()));
        const auto numbers = live_.layout.generations();
        if (!note(status_of(numbers)))
            return;
        for (const std::uint64_t number : *numbers) {
            if (number != live_.generation.number)
                note(remove_pins(live_.layout.generation(number)));
        }
    }

    void remove_other_chains() {
        const auto keys = live_.layout.chains();
        if (!note(status_of(keys)))
            return;
        for (const ChainKey& key : *keys) {
            if (live_.chains.contains(key))
                continue;
            // A chain that cannot be opened was never finished: it has no devices.
            const auto chain = LiveChain::open(live_.layout, key);
            if (!chain || take_off_all(**chain))
                note(remove_pins(live_.layout.chain(key)));
        }
    }

    bool take_off_all(const LiveChain& chain) {
        const auto table = chain.devices();
        if (!note(status_of(table)))
            return false;
        bool done = true;
        for (std::uint16_t slot = 0; slot < table->size(); ++slot)
            done = take_off(chain, DeviceSlot{slot}, (*table)[slot]) && done;
        return done;
    }

    // False: the device's record has to stay, for another try.
    bool take_off(const LiveChain& chain, DeviceSlot slot, const xdpctl_device& device) {
        if (is_attached(device))
            return note(detach(IfIndex{device.ifindex}, chain.key().hook, attachment_of(device),
                               live_.layout.link(chain.key(), slot)));
        return device.ifindex == 0 || note(detach_unrecorded(chain, IfIndex{device.ifindex}));
    }

    void settle_chain(const NamedChain& named, std::span<const Interface> interfaces) {
        LiveChain& chain = *live_.chains.at(named.key());
        note(chain.write_policy(named.chain->policy));
        const auto devices = survey(live_.layout, chain, interfaces);
        if (!note(status_of(devices)))
            return;
        const std::vector<std::string> names = claim_names(*devices, named.chain->devices);
        std::set<DeviceSlot> attached;
        std::set<Layer> layers;
        for (std::size_t i = 0; i < devices->size(); ++i) {
            if (settle_device(chain, (*devices)[i], names[i])) {
                attached.insert((*devices)[i].slot);
                layers.insert(layer_of(chain.key().hook, (*devices)[i].device));
            }
        }
        remove_other_links(chain, attached);
        remove_other_layers(chain, layers);
        for (const Datapath& datapath : chain.layers() | std::views::values)
            note(clear_other_parts(*live_.directory(), chain.key(), datapath));
    }

    // Whether the device stays attached.
    bool settle_device(const LiveChain& chain, const SurveyedDevice& surveyed, const std::string& name) {
        xdpctl_device device = surveyed.device;
        const bool stays =
            surveyed.is_active() && !name.empty() && chain.layers().contains(layer_of(chain.key().hook, device));
        if (!stays) {
            if (surveyed.presence && !surveyed.is_active() && !name.empty())
                warnings_.push_back(fmt::format("{} {}; it is filtered no more", name, fate(*surveyed.presence)));
            if (!take_off(chain, surveyed.slot, device))
                return is_attached(device);
            device = {};
        }
        std::ranges::fill(device.name, '\0');
        std::ranges::copy(name, device.name);
        if (std::memcmp(&device, &surveyed.device, sizeof(device)) != 0)
            note(chain.write_device(surveyed.slot, device));
        return stays;
    }

    static std::string_view fate(Presence presence) {
        switch (presence) {
        case Presence::DeviceGone:
            return "is gone";
        case Presence::OtherNamespace:
            return "has moved to another network namespace";
        default:
            return "has lost its program";
        }
    }

    void remove_other_links(const LiveChain& chain, const std::set<DeviceSlot>& attached) {
        const auto slots = live_.layout.links(chain.key());
        if (!note(status_of(slots)))
            return;
        for (const DeviceSlot slot : *slots) {
            if (!attached.contains(slot))
                note(remove_pins(live_.layout.link(chain.key(), slot)));
        }
    }

    // The classifier's pin goes first: a generation never has a classifier without its layer.
    void remove_other_layers(LiveChain& chain, const std::set<Layer>& used) {
        for (const Layer layer : all_layers) {
            if (used.contains(layer))
                continue;
            const LayerKey key{chain.key(), layer};
            for (const fs::path& pin :
                 {Layout::classifier(*live_.directory(), key), Layout::tables(*live_.directory(), key),
                  Layout::behind(*live_.directory(), key)})
                note(remove_pins(pin));
            note(chain.remove_layer(live_.layout, layer));
        }
    }

    void settle_rules() {
        bool quiet = false;  // no program runs any more that ran before
        for (const NamedChain& named : chains_of(live_.generation.ruleset)) {
            LiveChain& chain = *live_.chains.at(named.key());
            retire_other_slots(chain.rules(), SlottedRules(named));
            if (chain.former_rules() == nullptr)
                continue;
            if (!quiet && !note(wait_for_running_programs()))
                return;
            quiet = true;
            take_over(*chain.former_rules(), chain.rules());
            if (note(remove_pins(Layout::former_rules(*live_.directory(), chain.key()))))
                chain.forget_former_rules();
        }
    }

    // Without any table there is nothing worth keeping.
    void leave_nothing() {
        if (live_.directory())
            note(remove_pins(*live_.directory()));
        live_.generation = {};
    }

    Live& live_;
    Warnings& warnings_;
};

Status open_layers(Live& live, const fs::path& generation) {
    const auto keys = Layout::classifiers(generation);
    if (!keys)
        return std::unexpected(keys.error());
    for (const LayerKey& key : *keys) {
        if (const auto found = live.chains.find(key.chain); found != live.chains.end())
            XDPCTL_TRY(found->second->open_layer(live.layout, key.layer));
    }
    return {};
}

}  // namespace

Status publish(const LiveChain& chain, const fs::path& generation) {
    for (const auto& [layer, datapath] : chain.layers()) {
        const fs::path pin = Layout::classifier(generation, {chain.key(), layer});
        if (!fs::exists(pin))
            continue;
        const auto classifier = open_pin(pin);
        if (!classifier)
            return std::unexpected(classifier.error());
        const auto wanted = program_id(classifier->get());
        const auto published = datapath.published();
        if (wanted && published && *wanted == *published)
            continue;
        XDPCTL_TRY(datapath.publish(*classifier));
    }
    return {};
}

Status name_generation(const Layout& layout, std::uint64_t number) {
    std::error_code error;
    fs::rename(layout.next(), layout.generation(number), error);
    if (error)
        return fail_errno(error.value(), fmt::format("cannot rename {}", layout.next().string()));
    return {};
}

void settle(Live& live, Warnings& warnings) {
    Settling(live, warnings).run();
}

Result<Live> recover(const Layout& layout, Warnings& warnings) {
    auto live = open_live(layout);
    if (!live)
        return live;
    if (const auto directory = live->directory()) {
        if (!fs::exists(*directory)) {  // half published: it runs from `next`
            XDPCTL_TRY(open_layers(*live, layout.next()));
            for (const auto& chain : live->chains | std::views::values)
                XDPCTL_TRY(publish(*chain, layout.next()));
            XDPCTL_TRY(finish_erasing(layout.next()));
            XDPCTL_TRY(name_generation(layout, live->generation.number));
        } else {
            XDPCTL_TRY(open_layers(*live, *directory));
        }
    }
    if (Status returned = return_transferred(*live); !returned)
        warnings.push_back(returned.error().text());
    settle(*live, warnings);
    return live;
}

}  // namespace xdpctl::kernel
