// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/generation.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <fmt/format.h>

#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "base/fd.h"
#include "kernel/layout.h"
#include "kernel/pin.h"
#include "lang/parse.h"
#include "lang/print.h"
#include "maps/generation.h"

namespace xdpctl::kernel {

namespace fs = std::filesystem;

namespace {

struct BtfDeleter {
    void operator()(btf* types) const { btf__free(types); }
};

// BTF of the map's value, whose size depends on the text: bpftool then shows its members by name.
struct ValueType {
    std::unique_ptr<btf, BtfDeleter> types;
    int key = 0;
    int value = 0;
};

struct Member {
    const char* name;
    std::size_t offset;
    std::size_t size;
};
constexpr Member head_members[] = {
    {"layout_version", offsetof(xdpctl_generation, layout_version), sizeof(xdpctl_generation::layout_version)},
    {"text_length", offsetof(xdpctl_generation, text_length), sizeof(xdpctl_generation::text_length)},
    {"number", offsetof(xdpctl_generation, number), sizeof(xdpctl_generation::number)},
    {"last_handle", offsetof(xdpctl_generation, last_handle), sizeof(xdpctl_generation::last_handle)},
};

ValueType value_type(std::uint32_t text_length) {
    ValueType out;
    out.types.reset(btf__new_empty());
    btf* types = out.types.get();
    const int u32 = btf__add_int(types, "__u32", 4, 0);
    const int u64 = btf__add_int(types, "__u64", 8, 0);
    const int character = btf__add_int(types, "char", 1, BTF_INT_CHAR);
    const int text = btf__add_array(types, u32, character, text_length);
    out.key = u32;
    out.value = btf__add_struct(types, "xdpctl_generation",
                                static_cast<std::uint32_t>(sizeof(xdpctl_generation)) + text_length);
    for (const Member& member : head_members)
        btf__add_field(types, member.name, member.size == 8 ? u64 : u32, static_cast<std::uint32_t>(member.offset * 8),
                       0);
    btf__add_field(types, "text", text, sizeof(xdpctl_generation) * 8, 0);
    return out;
}

Result<Fd> create_map(std::uint32_t text_length) {
    const ValueType type = value_type(text_length);
    LIBBPF_OPTS(bpf_map_create_opts, options);
    // Names are a convenience: a kernel that does not take the types gets the map without them.
    if (btf__load_into_kernel(type.types.get()) == 0) {
        options.btf_fd = static_cast<std::uint32_t>(btf__fd(type.types.get()));
        options.btf_key_type_id = static_cast<std::uint32_t>(type.key);
        options.btf_value_type_id = static_cast<std::uint32_t>(type.value);
    }
    const auto size = static_cast<std::uint32_t>(sizeof(xdpctl_generation)) + text_length;
    Fd map(bpf_map_create(BPF_MAP_TYPE_ARRAY, "ruleset", sizeof(std::uint32_t), size, 1, &options));
    if (!map.valid())
        return fail_errno(errno, fmt::format("cannot make a map for a ruleset of {} bytes", text_length));
    return map;
}

Result<std::uint32_t> value_size(const Fd& map) {
    bpf_map_info info{};
    std::uint32_t length = sizeof(info);
    if (const int error = bpf_obj_get_info_by_fd(map.get(), &info, &length); error != 0)
        return fail_errno(error, "cannot read a map's size");
    return info.value_size;
}

}  // namespace

Status store_ruleset(const fs::path& directory, const Generation& generation) {
    const std::string text =
        lang::print_ruleset(generation.ruleset, {.handles = true, .stateless = false, .count = {}});
    const auto length = static_cast<std::uint32_t>(text.size());
    auto map = create_map(length);
    if (!map)
        return std::unexpected(std::move(map).error());
    const xdpctl_generation head{.layout_version = XDPCTL_LAYOUT_VERSION,
                                 .text_length = length,
                                 .number = generation.number,
                                 .last_handle = std::to_underlying(generation.ruleset.last_handle)};
    std::vector<char> value(sizeof(head) + length);
    std::memcpy(value.data(), &head, sizeof(head));
    std::memcpy(value.data() + sizeof(head), text.data(), length);
    const std::uint32_t key = 0;
    if (const int error = bpf_map_update_elem(map->get(), &key, value.data(), BPF_ANY); error != 0)
        return fail_errno(error, "cannot store the ruleset");
    if (const int error = bpf_map_freeze(map->get()); error != 0)
        return fail_errno(error, "cannot store the ruleset");
    return pin_object(*map, Layout::ruleset(directory));
}

Result<Generation> load_ruleset(const fs::path& directory) {
    const std::string what = fmt::format("cannot read the stored ruleset {}", Layout::ruleset(directory).string());
    const std::string next = fmt::format("use the xdpctl that made it, or give up its rules and counters: rm -r {}",
                                         directory.parent_path().string());
    auto map = open_pin(Layout::ruleset(directory));
    if (!map)
        return std::unexpected(std::move(map).error());
    const auto size = value_size(*map);
    if (!size)
        return std::unexpected(size.error());
    std::vector<char> value(*size);
    const std::uint32_t key = 0;
    if (const int error = bpf_map_lookup_elem(map->get(), &key, value.data()); error != 0)
        return fail_errno(error, what);

    xdpctl_generation head{};
    std::memcpy(&head, value.data(), std::min(sizeof(head), value.size()));
    if (head.layout_version != XDPCTL_LAYOUT_VERSION)
        return fail(ErrorKind::Unsupported, what,
                    fmt::format("its layout version is {}, this xdpctl knows {} only", head.layout_version,
                                XDPCTL_LAYOUT_VERSION),
                    next);
    if (value.size() != sizeof(head) + head.text_length)
        return fail(ErrorKind::Failed, what, "its length is not what its head says", next);

    auto ruleset = lang::parse_ruleset({value.data() + sizeof(head), head.text_length}, "<stored ruleset>", true);
    if (!ruleset)
        return fail(ErrorKind::Failed, what, ruleset.error().text(), next);
    ruleset->last_handle = Handle{head.last_handle};
    return Generation{head.number, std::move(*ruleset)};
}

}  // namespace xdpctl::kernel
