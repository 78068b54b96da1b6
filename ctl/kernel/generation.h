// SPDX-License-Identifier: BSD-2-Clause
// A generation's ruleset as it is stored beside the programs: a frozen map with the canonical text.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/error.h"
#include "kernel/set_store.h"
#include "ruleset/model.h"

namespace xdpctl::kernel {

struct Generation {
    std::uint64_t number = 0;  // counts commits; 0: nothing was ever committed
    ruleset::Ruleset ruleset;
};

// Pins the map `ruleset` below the generation's directory, and the maps of the sets whose elements are not in the text.
// Errors: Limit when the text is too long for a map.
[[nodiscard]] Status store_generation(const std::filesystem::path& directory, const Generation& generation,
                                      const GenerationSets& sets);

// As it is stored: sets have the elements that the text has.
struct StoredGeneration {
    Generation generation;
    GenerationSets sets;
};
// Errors: Unsupported for an unknown layout version; Failed when the text cannot be read; NotFound.
[[nodiscard]] Result<StoredGeneration> load_generation(const std::filesystem::path& directory);

}  // namespace xdpctl::kernel
