// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/set_store.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "compile/lookups.h"
#include "kernel/layout.h"
#include "kernel/pin.h"
#include "sets/elements.h"
#include "sets/image.h"

namespace xdpctl::kernel {

namespace fs = std::filesystem;

namespace {

using sets::LiveElement;

// Room for changes between two images, and for elements that expire or count.
constexpr std::uint32_t capacity_min = 65'536;

std::uint32_t capacity_of(const ruleset::Set& set, std::size_t live) {
    const std::size_t wanted = std::max<std::size_t>(set.size, 2 * live);
    return static_cast<std::uint32_t>(std::clamp<std::size_t>(wanted, capacity_min, std::size_t{1} << 26U));
}

}  // namespace

sets::Instant now() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

Result<SetMaps> make_set(const ruleset::Set& set) {
    const auto division = sets::divide(set, now());
    if (!division)
        return std::unexpected(division.error());
    const auto image = sets::image_of(division->plain);
    if (!image)
        return std::unexpected(image.error());
    auto maps = SetMaps::create(*image, sets::is_ranged(set), capacity_of(set, division->live.size()));
    if (!maps)
        return maps;
    const auto head = MappedHead::open(maps->image);
    if (!head)
        return std::unexpected(head.error());
    for (const LiveElement& element : division->live) {
        sets::mark(**head, element, sets::is_ranged(set));
        XDPCTL_TRY(maps->write_live(element));
    }
    (*head)->live = division->live.empty() ? 0 : 1;
    return maps;
}

Result<std::vector<LiveElement>> read_live(const SetMaps& maps) {
    const auto shape = maps.live_shape();
    if (!shape)
        return std::unexpected(shape.error());
    constexpr std::uint32_t batch_size = 4'096;
    std::vector<std::byte> keys(std::size_t{batch_size} * shape->key_size);
    std::vector<xdpctl_set_live> values(batch_size);
    std::vector<std::byte> cursor(std::max<std::size_t>(shape->key_size, sizeof(std::uint32_t)));
    std::vector<LiveElement> elements;
    for (bool is_first = true, is_last = false; !is_last; is_first = false) {
        std::uint32_t count = batch_size;
        if (bpf_map_lookup_batch(maps.live.get(), is_first ? nullptr : cursor.data(), cursor.data(), keys.data(),
                                 values.data(), &count, nullptr) != 0) {
            if (errno != ENOENT)
                return fail_errno(errno, "cannot read the changes of a set");
            is_last = true;
        }
        for (std::uint32_t i = 0; i < count; ++i)
            elements.push_back(shape->element(keys.data() + std::size_t{i} * shape->key_size, values[i]));
    }
    return elements;
}

Result<ruleset::Elements> read_elements(const SetMaps& maps, const ruleset::Set& set) {
    const auto image = MappedImage::open(maps.image);
    if (!image)
        return std::unexpected(image.error());
    auto plain = sets::elements_of(image->bytes(), set);
    if (!plain)
        return plain;
    const auto live = read_live(maps);
    if (!live)
        return std::unexpected(live.error());
    return live->empty() ? std::move(plain) : sets::with_live(set, *plain, *live, now());
}

Result<std::uint32_t> pending_changes(const SetMaps& maps) {
    const auto head = MappedHead::open(maps.image);
    if (!head)
        return std::unexpected(head.error());
    return (*head)->changes;
}

Status pin_sets(const GenerationSets& sets, const fs::path& generation) {
    for (const auto& [handle, maps] : sets) {
        XDPCTL_TRY(pin_object(maps.image, Layout::set_image(generation, handle)));
        XDPCTL_TRY(pin_object(maps.live, Layout::set_live(generation, handle)));
    }
    return {};
}

Result<GenerationSets> open_sets(const ruleset::Ruleset& ruleset, const fs::path& generation) {
    GenerationSets sets;
    for (const ruleset::Table& table : ruleset.tables) {
        for (const ruleset::Set& set : table.sets) {
            auto image = open_pin(Layout::set_image(generation, set.handle));
            if (!image && image.error().kind == ErrorKind::NotFound)
                continue;
            if (!image)
                return std::unexpected(std::move(image).error());
            auto live = open_pin(Layout::set_live(generation, set.handle));
            if (!live)
                return std::unexpected(std::move(live).error());
            sets.emplace(set.handle, SetMaps{*std::move(image), *std::move(live)});
        }
    }
    return sets;
}

Status fill_sets(ruleset::Ruleset& ruleset, const GenerationSets& sets) {
    for (ruleset::Table& table : ruleset.tables) {
        for (ruleset::Set& set : table.sets) {
            const auto found = sets.find(set.handle);
            if (found == sets.end())
                continue;
            auto elements = read_elements(found->second, set);
            if (!elements)
                return std::unexpected(std::move(elements).error());
            set.elements = ruleset::SharedElements(*std::move(elements));
        }
    }
    return {};
}

ruleset::Ruleset without_elements(ruleset::Ruleset ruleset) {
    for (ruleset::Table& table : ruleset.tables)
        for (ruleset::Set& set : table.sets)
            if (compile::is_looked_up(set))
                set.elements = {};
    return ruleset;
}

}  // namespace xdpctl::kernel
