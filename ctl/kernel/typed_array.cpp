// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/typed_array.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <cerrno>
#include <limits>
#include <memory>

namespace xdpctl::kernel {

namespace {

struct BtfDeleter {
    void operator()(btf* types) const { btf__free(types); }
};

}  // namespace

int add_struct(btf* types, const char* name, std::size_t size, std::span<const Member> members) {
    const int u32 = btf__add_int(types, "__u32", 4, 0);
    const int u64 = btf__add_int(types, "__u64", 8, 0);
    const int added = btf__add_struct(types, name, static_cast<std::uint32_t>(size));
    for (const Member& member : members)
        btf__add_field(types, member.name, member.size == 8 ? u64 : u32, static_cast<std::uint32_t>(member.offset * 8),
                       0);
    return added;
}

int add_array(btf* types, int element, std::uint32_t count) {
    const int index = btf__add_int(types, "__u32", 4, 0);
    return btf__add_array(types, index, element, count);
}

Result<Fd> create_array(const ArrayShape& shape, const std::function<int(btf*)>& value_type) {
    const std::string what =
        fmt::format("cannot make map {} of {} times {} bytes", shape.name, shape.elements, shape.value_size);
    // What the kernel counts a value's size in.
    if (shape.value_size > std::numeric_limits<std::int32_t>::max())
        return fail(ErrorKind::Limit, what, "the kernel's maps have no values so large");
    const std::unique_ptr<btf, BtfDeleter> types(btf__new_empty());
    LIBBPF_OPTS(bpf_map_create_opts, options);
    options.map_flags = BPF_F_MMAPABLE;
    const int key = btf__add_int(types.get(), "__u32", 4, 0);
    const int value = value_type(types.get());
    // Names are a convenience: a kernel that does not take the types gets the map without them.
    if (btf__load_into_kernel(types.get()) == 0) {
        options.btf_fd = static_cast<std::uint32_t>(btf__fd(types.get()));
        options.btf_key_type_id = static_cast<std::uint32_t>(key);
        options.btf_value_type_id = static_cast<std::uint32_t>(value);
    }
    Fd map(bpf_map_create(BPF_MAP_TYPE_ARRAY, shape.name, sizeof(std::uint32_t),
                          static_cast<std::uint32_t>(shape.value_size), shape.elements, &options));
    if (!map.valid())
        return fail_errno(errno, what);
    return map;
}

}  // namespace xdpctl::kernel
