// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/set_maps.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "kernel/map_info.h"
#include "sets/image.h"

namespace xdpctl::kernel {

namespace {

Result<std::uint32_t> image_size(const Fd& image) {
    const auto info = map_info(image);
    if (!info)
        return std::unexpected(info.error());
    if (info->value_size < sizeof(xdpctl_set_head) + XDPCTL_SET_TAIL)
        return fail(ErrorKind::Failed, "cannot read a set", "its map is smaller than the head of a set");
    return info->value_size;
}

Result<Fd> create_live(std::uint32_t words, bool ranged, std::uint32_t capacity) {
    LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_NO_PREALLOC);
    const auto key_size = static_cast<std::uint32_t>(words * sizeof(std::uint32_t));
    constexpr std::uint32_t prefix_length_size = sizeof(std::uint32_t);
    Fd map(bpf_map_create(ranged ? BPF_MAP_TYPE_LPM_TRIE : BPF_MAP_TYPE_HASH, "set_live",
                          ranged ? prefix_length_size + key_size : key_size, sizeof(xdpctl_set_live), capacity,
                          &options));
    if (!map.valid())
        return fail_errno(errno, "cannot make a map for a set's changes");
    return map;
}

Result<Fd> duplicate_fd(const Fd& fd) {
    Fd out(fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
    if (!out.valid())
        return fail_errno(errno, "cannot keep a set's map");
    return out;
}

}  // namespace

Result<Fd> create_image_map(const char* name, std::span<const std::byte> bytes) {
    LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
    Fd map(bpf_map_create(BPF_MAP_TYPE_ARRAY, name, sizeof(std::uint32_t), static_cast<std::uint32_t>(bytes.size()), 1,
                          &options));
    if (!map.valid())
        return fail_errno(errno, fmt::format("cannot make a map for a set of {} bytes", bytes.size()));
    const auto mapping = Mapping::open(map.get(), bytes.size());
    if (!mapping)
        return std::unexpected(mapping.error());
    std::ranges::copy(bytes, mapping->bytes().begin());
    return map;
}

std::vector<std::byte> LiveShape::key(const sets::LiveElement& element) const {
    std::vector<std::byte> out(key_size);
    if (!ranged) {
        std::memcpy(out.data(), element.key.words, key_size);
        return out;
    }
    std::array<std::uint32_t, 1 + 4> prefix{element.bits};
    for (std::uint32_t word = 0; word < words; ++word)
        prefix[1 + word] = htonl(element.key.words[word]);
    std::memcpy(out.data(), prefix.data(), key_size);
    return out;
}

sets::LiveElement LiveShape::element(const std::byte* key, const xdpctl_set_live& value) const {
    sets::LiveElement out{.key = {}, .bits = words * 32, .value = value};
    if (!ranged) {
        std::memcpy(out.key.words, key, key_size);
        return out;
    }
    std::array<std::uint32_t, 1 + 4> prefix{};
    std::memcpy(prefix.data(), key, key_size);
    out.bits = prefix[0];
    for (std::uint32_t word = 0; word < words; ++word)
        out.key.words[word] = ntohl(prefix[1 + word]);
    return out;
}

Result<SetMaps> SetMaps::create(std::span<const std::byte> image, bool ranged, std::uint32_t capacity) {
    auto image_map = create_image_map("set_image", image);
    if (!image_map)
        return std::unexpected(image_map.error());
    auto live_map = create_live(sets::head_of(image).words, ranged, capacity);
    if (!live_map)
        return std::unexpected(live_map.error());
    return SetMaps{*std::move(image_map), *std::move(live_map)};
}

Result<SetMaps> SetMaps::duplicate() const {
    auto image_map = duplicate_fd(image);
    if (!image_map)
        return std::unexpected(image_map.error());
    auto live_map = duplicate_fd(live);
    if (!live_map)
        return std::unexpected(live_map.error());
    return SetMaps{*std::move(image_map), *std::move(live_map)};
}

Result<std::uint64_t> SetMaps::form() const {
    const auto image_info = map_info(image);
    if (!image_info)
        return std::unexpected(image_info.error());
    const auto shape = live_shape();
    if (!shape)
        return std::unexpected(shape.error());
    return (image_info->value_size - XDPCTL_SET_TAIL) |
           static_cast<std::uint64_t>(shape->words) << XDPCTL_SET_FORM_WORDS_SHIFT |
           (shape->ranged ? XDPCTL_SET_FORM_RANGED : 0);
}

Result<xdpctl_set_parts> SetMaps::parts() const {
    const auto head = Mapping::open_for_reading(image.get(), sizeof(xdpctl_set_parts));
    if (!head)
        return std::unexpected(head.error());
    return head->as<const xdpctl_set_parts>().front();
}

Result<LiveShape> SetMaps::live_shape() const {
    const auto info = map_info(live);
    if (!info)
        return std::unexpected(info.error());
    LiveShape shape{.ranged = info->type == BPF_MAP_TYPE_LPM_TRIE, .words = 0, .key_size = info->key_size};
    shape.words = static_cast<std::uint32_t>(info->key_size / sizeof(std::uint32_t)) - (shape.ranged ? 1U : 0U);
    if (info->value_size != sizeof(xdpctl_set_live) || shape.words == 0 ||
        shape.words > (shape.ranged ? 4U : 1U * XDPCTL_SET_KEY_WORDS))
        return fail(ErrorKind::Failed, "cannot read the changes of a set", "its map has another form");
    return shape;
}

Result<std::optional<sets::LiveElement>> SetMaps::find_live(const sets::LiveElement& element) const {
    const auto shape = live_shape();
    if (!shape)
        return std::unexpected(shape.error());
    xdpctl_set_live value{};
    if (bpf_map_lookup_elem(live.get(), shape->key(element).data(), &value) == 0)
        return sets::LiveElement{element.key, element.bits, value};
    if (errno != ENOENT)
        return fail_errno(errno, "cannot read the changes of a set");
    return std::nullopt;
}

Status SetMaps::write_live(const sets::LiveElement& element) const {
    const auto shape = live_shape();
    if (!shape)
        return std::unexpected(shape.error());
    if (bpf_map_update_elem(live.get(), shape->key(element).data(), &element.value, BPF_ANY) == 0)
        return {};
    if (errno == E2BIG || errno == ENOSPC)
        return fail(ErrorKind::Limit, "cannot change a set", "it has no room for more elements that expire or count",
                    "declare the set with a size");
    return fail_errno(errno, "cannot change a set");
}

Status SetMaps::delete_live(const sets::LiveElement& element) const {
    const auto shape = live_shape();
    if (!shape)
        return std::unexpected(shape.error());
    if (bpf_map_delete_elem(live.get(), shape->key(element).data()) != 0 && errno != ENOENT)
        return fail_errno(errno, "cannot change a set");
    return {};
}

Result<MappedHead> MappedHead::open(const Fd& image) {
    const auto size = image_size(image);
    if (!size)
        return std::unexpected(size.error());
    auto mapping = Mapping::open(image.get(), sizeof(xdpctl_set_head));
    if (!mapping)
        return std::unexpected(std::move(mapping).error());
    return MappedHead(*std::move(mapping));
}

Result<MappedImage> MappedImage::open(const Fd& image) {
    const auto size = image_size(image);
    if (!size)
        return std::unexpected(size.error());
    auto mapping = Mapping::open(image.get(), *size);
    if (!mapping)
        return std::unexpected(std::move(mapping).error());
    return MappedImage(*std::move(mapping));
}

}  // namespace xdpctl::kernel
