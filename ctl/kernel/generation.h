// SPDX-License-Identifier: BSD-2-Clause
// A generation's ruleset as it is stored beside the programs: a frozen map with the canonical text.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"
#include "kernel/mapping.h"
#include "kernel/set_store.h"
#include "maps/generation.h"
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

// Pins the map `ruleset`: the head, its text_length aside, and the text.
[[nodiscard]] Status store_text(const std::filesystem::path& directory, xdpctl_generation head, std::string_view text);

// The stored text, in the kernel's memory.
class StoredText {
public:
    static constexpr std::string_view source = "<stored ruleset>";

    // Errors: Unsupported for an unknown layout version; Failed; NotFound.
    [[nodiscard]] static Result<StoredText> open(const std::filesystem::path& directory);

    // A map smaller than its head has zeros behind it, up to the end of a page.
    [[nodiscard]] const xdpctl_generation& head() const { return *memory_.as<xdpctl_generation>().data(); }
    [[nodiscard]] std::string_view text() const {
        return {memory_.as<char>().data() + sizeof(head()), head().text_length};
    }
    // That it cannot be read.
    [[nodiscard]] std::unexpected<Error> unreadable(ErrorKind kind, std::string cause) const;

private:
    StoredText(std::filesystem::path directory, Mapping memory)
        : directory_(std::move(directory)), memory_(std::move(memory)) {}

    std::filesystem::path directory_;
    Mapping memory_;
};

// As it is stored: sets have the elements that the text has.
struct StoredGeneration {
    Generation generation;
    GenerationSets sets;
};
// Errors: Unsupported for an unknown layout version; Failed when the text cannot be read; NotFound.
[[nodiscard]] Result<StoredGeneration> load_generation(const std::filesystem::path& directory);

}  // namespace xdpctl::kernel
