// SPDX-License-Identifier: BSD-2-Clause
// Looked-up sets of a generation: their maps are pinned beside the ruleset's text, which has their declarations only.
// An element is there once, in the maps that the datapath reads.
#pragma once

#include <filesystem>
#include <map>
#include <vector>

#include "base/error.h"
#include "base/types.h"
#include "kernel/set_maps.h"
#include "ruleset/model.h"
#include "sets/live.h"

namespace xdpctl::kernel {

using GenerationSets = std::map<Handle, SetMaps>;

// So many changes are worth a new image.
inline constexpr std::uint32_t changes_max = 16'384;

[[nodiscard]] sets::Instant now();

// Errors: those of the image; Limit when the kernel has no memory for it.
[[nodiscard]] Result<SetMaps> make_set(const ruleset::Set& set);

[[nodiscard]] Result<std::vector<sets::LiveElement>> read_live(const SetMaps& maps);
[[nodiscard]] Result<ruleset::Elements> read_elements(const SetMaps& maps, const ruleset::Set& set);

// How many changes are in the live map: elements that expire or count are none.
[[nodiscard]] Result<std::uint32_t> pending_changes(const SetMaps& maps);

[[nodiscard]] Status pin_sets(const GenerationSets& sets, const std::filesystem::path& generation);
// Those of the ruleset that are pinned.
[[nodiscard]] Result<GenerationSets> open_sets(const ruleset::Ruleset& ruleset,
                                               const std::filesystem::path& generation);

// Puts the elements into the ruleset.
[[nodiscard]] Status fill_sets(ruleset::Ruleset& ruleset, const GenerationSets& sets);
// The ruleset as its text is stored: elements of looked-up sets are in their maps.
[[nodiscard]] ruleset::Ruleset without_elements(ruleset::Ruleset ruleset);

}  // namespace xdpctl::kernel
