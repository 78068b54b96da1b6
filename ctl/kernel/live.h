// SPDX-License-Identifier: BSD-2-Clause
// What is alive in a network namespace, opened from its pins: the running generation and its chains.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/error.h"
#include "kernel/attach.h"
#include "kernel/datapath.h"
#include "kernel/device_count.h"
#include "kernel/device_status.h"
#include "kernel/generation.h"
#include "kernel/layout.h"
#include "kernel/limit_maps.h"
#include "kernel/rule_maps.h"
#include "maps/chain.h"

namespace xdpctl::kernel {

// The elements of map `devices`, by device slot. A slot belongs to a name for as long as the chain names the device,
// whether it is attached or not, so that its counters stay together.
using DeviceTable = std::vector<xdpctl_device>;

[[nodiscard]] std::string_view name_of(const xdpctl_device& device);
[[nodiscard]] inline bool is_free(const xdpctl_device& device) {
    return device.name[0] == '\0';
}
[[nodiscard]] inline bool is_attached(const xdpctl_device& device) {
    return device.attachment != XDPCTL_ATTACHMENT_NONE;
}
[[nodiscard]] Attachment attachment_of(const xdpctl_device& device);

// One base chain. Does not move: its datapaths refer to its maps.
class LiveChain {
public:
    // Makes and pins the maps.
    [[nodiscard]] static Result<std::unique_ptr<LiveChain>> create(const Layout& layout, const ChainKey& key);
    // Opens the maps; not the layers, and not what belongs to a generation.
    [[nodiscard]] static Result<std::unique_ptr<LiveChain>> open(const Layout& layout, const ChainKey& key);
    LiveChain(const LiveChain&) = delete;
    LiveChain& operator=(const LiveChain&) = delete;

    [[nodiscard]] const ChainKey& key() const { return key_; }
    [[nodiscard]] const ChainMaps& maps() const { return maps_; }
    [[nodiscard]] const std::map<Layer, Datapath>& layers() const { return layers_; }

    // REQUIRES: they are opened, or set.
    [[nodiscard]] const RuleMaps& rules() const { return *rules_; }
    // Those with counts that rules() have not taken over; null when there are none.
    [[nodiscard]] const RuleMaps* former_rules() const { return former_rules_ ? &*former_rules_ : nullptr; }
    // Of the generation pinned below that directory.
    [[nodiscard]] Status open_rules(const std::filesystem::path& generation);
    // Those there are become the former ones.
    void set_rules(RuleMaps rules);
    void forget_former_rules() { former_rules_.reset(); }

    [[nodiscard]] Result<const Datapath*> create_layer(const Layout& layout, Layer layer);
    [[nodiscard]] Status open_layer(const Layout& layout, Layer layer);
    [[nodiscard]] Status remove_layer(const Layout& layout, Layer layer);

    [[nodiscard]] Result<DeviceTable> devices() const;
    [[nodiscard]] Status write_device(DeviceSlot slot, const xdpctl_device& device) const;
    // Gives a free slot to a device, its counters at zero.
    [[nodiscard]] Status bind_device(DeviceSlot slot, const xdpctl_device& device) const;
    [[nodiscard]] Status write_policy(ruleset::Verdict policy) const;

private:
    LiveChain(const ChainKey& key, ChainMaps maps) : key_(key), maps_(std::move(maps)) {}

    ChainKey key_;
    ChainMaps maps_;
    std::map<Layer, Datapath> layers_;
    std::optional<RuleMaps> rules_;
    std::optional<RuleMaps> former_rules_;
};

// Which layer of its chain the device's entry program belongs to. REQUIRES: it is attached.
[[nodiscard]] Layer layer_of(ruleset::Hook hook, const xdpctl_device& device);

using LiveChains = std::map<ChainKey, std::unique_ptr<LiveChain>>;

struct Live {
    Layout layout;
    Generation generation;
    GenerationSets sets;             // of the running generation
    std::optional<LimitMap> limits;  // when a rule has one
    LiveChains chains;               // of the running ruleset

    // Where the running generation is pinned; none when nothing was ever committed.
    [[nodiscard]] std::optional<std::filesystem::path> directory() const;
};

// Opens the running generation without its layers, also while a writer replaces it.
[[nodiscard]] Result<Live> open_live(const Layout& layout);

// The directory of the running generation: that of the highest number, or `next` in the middle of being published; none
// when nothing was ever committed.
[[nodiscard]] Result<std::optional<std::filesystem::path>> running_directory(const Layout& layout);
// The base chains of the ruleset, with the rules of the generation that is pinned there.
[[nodiscard]] Result<LiveChains> open_chains(const Layout& layout, const ruleset::Ruleset& ruleset,
                                             const std::filesystem::path& generation);

[[nodiscard]] Result<std::vector<DeviceCount>> device_counts(const ruleset::Ruleset& ruleset, const LiveChains& chains);
[[nodiscard]] Result<std::vector<DeviceStatus>> device_statuses(const Layout& layout, const ruleset::Ruleset& ruleset,
                                                                const LiveChains& chains);

// Reads the running generation, again when a writer removed it between its listing and its opening: it then has a
// successor.
template <typename Read>
[[nodiscard]] auto read_running(const Read& read) {
    constexpr int attempts = 100;
    for (int attempt = 1;; ++attempt) {
        auto running = read();
        if (running || running.error().kind != ErrorKind::NotFound || attempt == attempts)
            return running;
    }
}

// Every table's base chains with the keys they have in the kernel.
struct NamedChain {
    const ruleset::Table* table;
    const ruleset::Chain* chain;
    [[nodiscard]] ChainKey key() const { return {chain->handle, chain->hook}; }
    [[nodiscard]] std::string text() const;  // "chain netdev xdpctl ingress"
};
[[nodiscard]] std::vector<NamedChain> chains_of(const ruleset::Ruleset& ruleset);

// The rules that a base chain has slots for, in their order (ruleset/reach.h).
class SlottedRules {
public:
    explicit SlottedRules(const NamedChain& named);
    SlottedRules(const SlottedRules&) = delete;
    SlottedRules& operator=(const SlottedRules&) = delete;
    [[nodiscard]] auto begin() const { return all_.begin(); }
    [[nodiscard]] auto end() const { return all_.end(); }

private:
    std::vector<ruleset::Rule> gathered_;  // from several chains
    std::span<const ruleset::Rule> all_;
};

}  // namespace xdpctl::kernel
