// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/live.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "kernel/map_io.h"
#include "kernel/pin.h"
#include "kernel/program.h"
#include "maps/counter.h"
#include "ruleset/reach.h"

namespace xdpctl::kernel {

namespace fs = std::filesystem;

std::string_view name_of(const xdpctl_device& device) {
    return {device.name, ::strnlen(device.name, sizeof(device.name))};
}

Attachment attachment_of(const xdpctl_device& device) {
    return {.kind = static_cast<xdpctl_attachment>(device.attachment),
            .mode = static_cast<xdpctl_mode>(device.mode),
            .program_id = device.program_id};
}

Layer layer_of(ruleset::Hook hook, const xdpctl_device& device) {
    switch (device.attachment) {
    case XDPCTL_ATTACHMENT_XDP_LINK:
        return Layer::Xdp;
    case XDPCTL_ATTACHMENT_XDP_DISPATCHER:
        return Layer::XdpExtension;
    default:
        return hook == ruleset::Hook::Ingress ? Layer::TcIngress : Layer::TcEgress;
    }
}

Result<std::unique_ptr<LiveChain>> LiveChain::create(const Layout& layout, const ChainKey& key) {
    auto maps = ChainMaps::create();
    if (!maps)
        return std::unexpected(std::move(maps).error());
    XDPCTL_TRY(make_directory(layout.chain(key)));
    XDPCTL_TRY(maps->pin(layout.chain(key)));
    return std::unique_ptr<LiveChain>(new LiveChain(key, std::move(*maps)));
}

Result<std::unique_ptr<LiveChain>> LiveChain::open(const Layout& layout, const ChainKey& key) {
    auto maps = ChainMaps::open(layout.chain(key));
    if (!maps)
        return std::unexpected(std::move(maps).error());
    return std::unique_ptr<LiveChain>(new LiveChain(key, std::move(*maps)));
}

Result<const Datapath*> LiveChain::create_layer(const Layout& layout, Layer layer) {
    auto datapath = Datapath::create(layer, maps_);
    if (!datapath)
        return std::unexpected(std::move(datapath).error());
    const fs::path directory = layout.layer({key_, layer});
    XDPCTL_TRY(make_directory(directory));
    XDPCTL_TRY(datapath->pin(directory));
    return &layers_.insert_or_assign(layer, std::move(*datapath)).first->second;
}

Status LiveChain::open_layer(const Layout& layout, Layer layer) {
    auto datapath = Datapath::open(layer, maps_, layout.layer({key_, layer}));
    if (!datapath)
        return std::unexpected(std::move(datapath).error());
    layers_.insert_or_assign(layer, std::move(*datapath));
    return {};
}

Status LiveChain::remove_layer(const Layout& layout, Layer layer) {
    layers_.erase(layer);
    return remove_pins(layout.layer({key_, layer}));
}

// Former maps are gone once their counts are taken over, possibly while a reader opens them.
Status LiveChain::open_rules(const fs::path& generation) {
    auto rules = RuleMaps::open(Layout::rules(generation, key_));
    if (!rules)
        return std::unexpected(std::move(rules).error());
    rules_ = std::move(*rules);
    auto former = RuleMaps::open(Layout::former_rules(generation, key_));
    if (former)
        former_rules_ = std::move(*former);
    else if (former.error().kind != ErrorKind::NotFound)
        return std::unexpected(std::move(former).error());
    return {};
}

void LiveChain::set_rules(RuleMaps rules) {
    former_rules_ = std::exchange(rules_, std::move(rules));
}

Result<DeviceTable> LiveChain::devices() const {
    return read_array<xdpctl_device>(maps_.devices, XDPCTL_DEVICES_MAX);
}

Status LiveChain::write_device(DeviceSlot slot, const xdpctl_device& device) const {
    const std::uint32_t key = std::to_underlying(slot);
    if (const int error = bpf_map_update_elem(maps_.devices.get(), &key, &device, BPF_ANY); error != 0)
        return fail_errno(error, "cannot write a chain's device");
    return {};
}

Status LiveChain::bind_device(DeviceSlot slot, const xdpctl_device& device) const {
    std::vector<std::uint32_t> counters;
    for (std::uint32_t verdict = 0; verdict < XDPCTL_VERDICTS; ++verdict) {
        for (std::uint32_t reason = 0; reason < XDPCTL_REASONS; ++reason)
            counters.push_back(xdpctl_device_counter(std::to_underlying(slot), verdict, reason));
    }
    XDPCTL_TRY(zero_counters(maps_.device_counters, counters));
    return write_device(slot, device);
}

Status LiveChain::write_policy(ruleset::Verdict policy) const {
    const std::uint32_t key = 0;
    const xdpctl_chain value{.policy = policy == ruleset::Verdict::Accept ? XDPCTL_ACCEPT : XDPCTL_DROP,
                             .hook = key_.hook == ruleset::Hook::Ingress ? XDPCTL_HOOK_INGRESS : XDPCTL_HOOK_EGRESS};
    if (const int error = bpf_map_update_elem(maps_.chain.get(), &key, &value, BPF_ANY); error != 0)
        return fail_errno(error, "cannot write a chain's policy");
    return {};
}

std::optional<fs::path> Live::directory() const {
    return generation.number == 0 ? std::nullopt : std::optional(layout.generation(generation.number));
}

std::string NamedChain::text() const {
    return fmt::format("chain netdev {} {}", table->name, chain->name);
}

std::vector<NamedChain> chains_of(const ruleset::Ruleset& ruleset) {
    std::vector<NamedChain> out;
    for (const ruleset::Table& table : ruleset.tables) {
        for (const ruleset::Chain& chain : table.chains)
            if (chain.is_base)
                out.push_back({&table, &chain});
    }
    return out;
}

SlottedRules::SlottedRules(const NamedChain& named) : all_(named.chain->rules) {
    const auto is_regular = [](const ruleset::Chain& chain) { return !chain.is_base; };
    if (std::ranges::none_of(named.table->chains, is_regular))
        return;
    for (const ruleset::Rule* rule : ruleset::rules_with_slots(*named.table, *named.chain))
        gathered_.push_back(*rule);
    all_ = gathered_;
}

namespace {

// Whether a classifier of `next` has taken the place of one of the running generation: from then on `next` runs. Stages
// that only `next` has do not tell, which are filled before their devices are attached, nor do classifiers that both
// have.
Result<bool> is_publishing(const Layout& layout, const fs::path& running) {
    const auto keys = Layout::classifiers(running);
    if (!keys)
        return std::unexpected(keys.error());
    for (const LayerKey& key : *keys) {
        const auto successor = pinned_program_id(Layout::classifier(layout.next(), key));
        if (!successor || pins_program(Layout::classifier(running, key), *successor))
            continue;
        auto chain = LiveChain::open(layout, key.chain);
        if (!chain)
            return std::unexpected(std::move(chain).error());
        XDPCTL_TRY((*chain)->open_layer(layout, key.layer));
        const auto published = (*chain)->layers().at(key.layer).published();
        if (!published)
            return std::unexpected(published.error());
        if (*published == *successor)
            return true;
    }
    return false;
}

}  // namespace

Result<std::optional<fs::path>> running_directory(const Layout& layout) {
    auto numbers = layout.generations();
    // A listing beside a commit can miss the old name and the new one; a second one right after cannot.
    if (numbers && numbers->empty())
        numbers = layout.generations();
    if (!numbers)
        return std::unexpected(std::move(numbers).error());
    if (numbers->empty())
        return std::nullopt;
    fs::path running = layout.generation(numbers->back());
    if (!fs::exists(Layout::ruleset(layout.next()))) {
        // It may have got its number since the listing, and readers may have seen it already.
        const auto later = layout.generations();
        if (!later)
            return std::unexpected(later.error());
        return later->empty() ? running : layout.generation(later->back());
    }
    const auto publishing = is_publishing(layout, running);
    if (!publishing)
        return std::unexpected(publishing.error());
    return *publishing ? layout.next() : running;
}

Result<LiveChains> open_chains(const Layout& layout, const ruleset::Ruleset& ruleset, const fs::path& generation) {
    LiveChains chains;
    for (const NamedChain& named : chains_of(ruleset)) {
        auto chain = LiveChain::open(layout, named.key());
        if (!chain)
            return std::unexpected(std::move(chain).error());
        XDPCTL_TRY((*chain)->open_rules(generation));
        chains.emplace(named.key(), std::move(*chain));
    }
    return chains;
}

namespace {

Result<Live> open_once(const Layout& layout) {
    Live live{.layout = layout, .generation = {}, .sets = {}, .limits = {}, .chains = {}};
    const auto directory = running_directory(layout);
    if (!directory)
        return std::unexpected(directory.error());
    if (!*directory)
        return live;
    auto stored = load_generation(**directory);
    if (!stored)
        return std::unexpected(std::move(stored).error());
    live.generation = std::move(stored->generation);
    live.sets = std::move(stored->sets);
    XDPCTL_TRY(fill_sets(live.generation.ruleset, live.sets));
    if (has_limits(live.generation.ruleset)) {
        auto limits = LimitMap::open(Layout::limits(**directory));
        if (!limits)
            return std::unexpected(std::move(limits).error());
        live.limits = *std::move(limits);
    }
    auto chains = open_chains(layout, live.generation.ruleset, **directory);
    if (!chains)
        return std::unexpected(std::move(chains).error());
    live.chains = *std::move(chains);
    return live;
}

}  // namespace

Result<Live> open_live(const Layout& layout) {
    return read_running([&] { return open_once(layout); });
}

}  // namespace xdpctl::kernel
