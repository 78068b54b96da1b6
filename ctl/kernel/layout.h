// SPDX-License-Identifier: BSD-2-Clause
// Names of everything pinned below a network namespace's state directory:
//
//   gen-<N>/                     the running generation
//       ruleset                  map: the canonical text (maps/generation.h)
//       <chain>-<layer>          its classifier program of each chain and layer
//       <chain>-rules/           RuleMaps: the same maps as of the generation before as long as rules fit
//       <chain>-former_rules/    maps whose counts <chain>-rules/ has not taken over yet
//       <chain>-overlay/         of a chain of tables (overlay.h)
//           overlay              map: how many rules are not in the tables (maps/generation.h)
//           <layer>-tables       program of the tables: the classifier, or called by it
//           <layer>-behind       program of the rules behind the tables, when there are any
//       limits                   buckets of rules (limit_maps.h): the same map as long as any rule has a limit
//       set-<handle>-image, -live  maps of each set that keys are looked up in (maps/set.h); elements are there only
//       joint-<n>                joint images of several sets (joint_maps.h): the same maps while the sets' images are
//   next/                        the same of a generation that is being made, or of a writer that was killed
//   observer-<N>/                place of an observer, locked by its process (observer_places.h)
//   <chain>/                     "chain-<handle>-<hook>"
//       chain, devices, ...      ChainMaps
//       link-<slot>              bpf_link of a device
//       <layer>/                 "xdp", "tc_egress", ...: Datapath; there while a device needs it
#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/types.h"
#include "kernel/datapath.h"
#include "ruleset/model.h"

namespace xdpctl::kernel {

// A chain that changes its hook is another chain to the kernel: nothing of it can be kept.
struct ChainKey {
    Handle handle{};
    ruleset::Hook hook{};
    auto operator<=>(const ChainKey&) const = default;
};

// Where a classifier runs.
struct LayerKey {
    ChainKey chain;
    Layer layer{};
    auto operator<=>(const LayerKey&) const = default;
};

inline constexpr Layer all_layers[] = {Layer::Xdp, Layer::XdpExtension, Layer::TcIngress, Layer::TcEgress};

class Layout {
public:
    explicit Layout(std::filesystem::path directory) : directory_(std::move(directory)) {}

    [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
    [[nodiscard]] std::filesystem::path chain(const ChainKey& key) const;
    [[nodiscard]] std::filesystem::path layer(const LayerKey& key) const;
    [[nodiscard]] std::filesystem::path link(const ChainKey& key, DeviceSlot slot) const;
    [[nodiscard]] std::filesystem::path generation(std::uint64_t number) const;
    [[nodiscard]] std::filesystem::path next() const { return directory_ / "next"; }
    [[nodiscard]] std::filesystem::path observer(std::uint32_t place) const;

    // Of a generation's directory.
    [[nodiscard]] static std::filesystem::path ruleset(const std::filesystem::path& generation);
    [[nodiscard]] static std::filesystem::path limits(const std::filesystem::path& generation);
    [[nodiscard]] static std::filesystem::path set_image(const std::filesystem::path& generation, Handle set);
    [[nodiscard]] static std::filesystem::path set_live(const std::filesystem::path& generation, Handle set);
    [[nodiscard]] static std::filesystem::path joint(const std::filesystem::path& generation, std::uint32_t number);
    [[nodiscard]] static std::filesystem::path classifier(const std::filesystem::path& generation, const LayerKey& key);
    [[nodiscard]] static std::filesystem::path rules(const std::filesystem::path& generation, const ChainKey& key);
    [[nodiscard]] static std::filesystem::path former_rules(const std::filesystem::path& generation,
                                                            const ChainKey& key);

    [[nodiscard]] static std::filesystem::path overlay(const std::filesystem::path& generation, const ChainKey& key);
    [[nodiscard]] static std::filesystem::path tables(const std::filesystem::path& generation, const LayerKey& key);
    [[nodiscard]] static std::filesystem::path behind(const std::filesystem::path& generation, const LayerKey& key);

    // What is there, in ascending order; empty when the directory is missing.
    [[nodiscard]] Result<std::vector<std::uint64_t>> generations() const;
    [[nodiscard]] Result<std::vector<ChainKey>> chains() const;
    [[nodiscard]] Result<std::vector<DeviceSlot>> links(const ChainKey& key) const;
    [[nodiscard]] static Result<std::vector<LayerKey>> classifiers(const std::filesystem::path& generation);
    [[nodiscard]] static Result<std::vector<ChainKey>> overlays(const std::filesystem::path& generation);

private:
    std::filesystem::path directory_;
};

// Directories of pins. Removing what is not there is no error.
[[nodiscard]] Status make_directory(const std::filesystem::path& path);
[[nodiscard]] Status remove_pins(const std::filesystem::path& path);

}  // namespace xdpctl::kernel
