// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/object.h"

namespace xdpctl::kernel {

Status use_maps(bpf_object* object, std::span<const NamedMap> maps) {
    for (const auto& [name, fd] : maps) {
        bpf_map* map = bpf_object__find_map_by_name(object, name);
        if (map == nullptr)
            continue;  // the object has no use for it
        if (const int error = bpf_map__reuse_fd(map, fd); error != 0)
            return fail_errno(error, std::string("cannot use map ") + name);
    }
    return {};
}

}  // namespace xdpctl::kernel
