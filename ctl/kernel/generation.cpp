// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/generation.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "kernel/layout.h"
#include "kernel/map_info.h"
#include "kernel/mapping.h"
#include "kernel/pin.h"
#include "kernel/typed_array.h"
#include "lang/parse.h"
#include "lang/print.h"
#include "maps/generation.h"

namespace xdpctl::kernel {

namespace fs = std::filesystem;

namespace {

constexpr Member head_members[] = {
    {"layout_version", offsetof(xdpctl_generation, layout_version), sizeof(xdpctl_generation::layout_version)},
    {"text_length", offsetof(xdpctl_generation, text_length), sizeof(xdpctl_generation::text_length)},
    {"number", offsetof(xdpctl_generation, number), sizeof(xdpctl_generation::number)},
    {"last_handle", offsetof(xdpctl_generation, last_handle), sizeof(xdpctl_generation::last_handle)},
    {"sets", offsetof(xdpctl_generation, sets), sizeof(xdpctl_generation::sets)},
};

Result<Fd> create_map(std::uint32_t text_length) {
    const std::size_t size = sizeof(xdpctl_generation) + text_length;
    return create_array({"ruleset", 1, size}, [&](btf* types) {
        const int text = add_array(types, btf__add_int(types, "char", 1, BTF_INT_CHAR), text_length);
        const int value = add_struct(types, "xdpctl_generation", size, head_members);
        btf__add_field(types, "text", text, sizeof(xdpctl_generation) * 8, 0);
        return value;
    });
}

// The mapping ends here: a map that is mapped for writing cannot be frozen.
Status write(const Fd& map, const xdpctl_generation& head, std::string_view text) {
    const auto memory = Mapping::open(map.get(), sizeof(head) + text.size());
    if (!memory)
        return std::unexpected(memory.error());
    std::memcpy(memory->bytes().data(), &head, sizeof(head));
    std::ranges::copy(text, memory->as<char>().begin() + sizeof(head));
    return {};
}

std::unexpected<Error> cannot_read(const fs::path& directory, ErrorKind kind, std::string cause) {
    return fail(kind, fmt::format("cannot read the stored ruleset {}", Layout::ruleset(directory).string()),
                std::move(cause),
                fmt::format("use the xdpctl that made it, or give up its rules and counters: rm -r {}",
                            directory.parent_path().string()));
}

}  // namespace

Status store_generation(const fs::path& directory, const Generation& generation, const GenerationSets& sets) {
    XDPCTL_TRY(pin_sets(sets, directory));
    const lang::PrintOptions options{.handles = true, .stateless = false, .count = {}};
    const std::string text = sets.empty() ? lang::print_ruleset(generation.ruleset, options)
                                          : lang::print_ruleset(without_elements(generation.ruleset), options);
    return store_text(directory,
                      {.layout_version = XDPCTL_LAYOUT_VERSION,
                       .text_length = 0,
                       .number = generation.number,
                       .last_handle = std::to_underlying(generation.ruleset.last_handle),
                       .sets = static_cast<std::uint32_t>(sets.size()),
                       .reserved = 0},
                      text);
}

Status store_text(const fs::path& directory, xdpctl_generation head, std::string_view text) {
    head.text_length = static_cast<std::uint32_t>(text.size());
    auto map = create_map(head.text_length);
    if (!map)
        return std::unexpected(std::move(map).error());
    XDPCTL_TRY(write(*map, head, text));
    if (const int error = bpf_map_freeze(map->get()); error != 0)
        return fail_errno(error, "cannot store the ruleset");
    return pin_object(*map, Layout::ruleset(directory));
}

Result<StoredText> StoredText::open(const fs::path& directory) {
    auto map = open_pin(Layout::ruleset(directory));
    if (!map)
        return std::unexpected(std::move(map).error());
    const auto info = map_info(*map);
    if (!info)
        return std::unexpected(info.error());
    auto memory = Mapping::open_for_reading(map->get(), info->value_size);
    if (!memory)
        return cannot_read(directory, ErrorKind::Failed, memory.error().text());
    StoredText stored(directory, *std::move(memory));
    const std::uint32_t version = stored.head().layout_version;
    if (version != XDPCTL_LAYOUT_VERSION)
        return stored.unreadable(
            ErrorKind::Unsupported,
            fmt::format("its layout version is {}, this xdpctl knows {} only", version, XDPCTL_LAYOUT_VERSION));
    if (info->value_size != sizeof(xdpctl_generation) + stored.head().text_length)
        return stored.unreadable(ErrorKind::Failed, "its length is not what its head says");
    return stored;
}

std::unexpected<Error> StoredText::unreadable(ErrorKind kind, std::string cause) const {
    return cannot_read(directory_, kind, std::move(cause));
}

Result<StoredGeneration> load_generation(const fs::path& directory) {
    const auto stored = StoredText::open(directory);
    if (!stored)
        return std::unexpected(stored.error());
    auto ruleset = lang::parse_ruleset(stored->text(), StoredText::source, true);
    if (!ruleset)
        return stored->unreadable(ErrorKind::Failed, ruleset.error().text());
    ruleset->last_handle = Handle{stored->head().last_handle};
    auto sets = open_sets(*ruleset, directory);
    if (!sets)
        return std::unexpected(std::move(sets).error());
    if (sets->size() != stored->head().sets)  // another writer is removing the generation
        return stored->unreadable(ErrorKind::NotFound, "maps of its sets are missing");
    return StoredGeneration{{stored->head().number, std::move(*ruleset)}, *std::move(sets)};
}

}  // namespace xdpctl::kernel
