// SPDX-License-Identifier: BSD-2-Clause
// The BPF objects built into the program: opened from their skeletons, given maps that exist already.
#pragma once

#include <bpf/libbpf.h>

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "kernel/datapath.h"
#include "kernel/libbpf_log.h"

namespace xdpctl::kernel {

using Object = std::unique_ptr<bpf_object, EntryObject::Deleter>;

// The object of a skeleton, without the skeleton: nothing here needs the rest of it.
template <typename Skeleton>
Object take_object(Skeleton* skeleton) {
    Object object(std::exchange(skeleton->obj, nullptr));
    Skeleton::destroy(skeleton);
    return object;
}

template <typename Skeleton>
Result<Object> open_object(std::string_view name) {
    const LibbpfLog log;
    Skeleton* skeleton = Skeleton::open();
    if (skeleton == nullptr)
        return fail(ErrorKind::Failed, "cannot open the BPF object " + std::string(name), log.text());
    return take_object(skeleton);
}

// Those of the maps that the object has.
[[nodiscard]] Status use_maps(bpf_object* object, std::span<const NamedMap> maps);

}  // namespace xdpctl::kernel
