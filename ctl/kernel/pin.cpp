// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/pin.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

namespace xdpctl::kernel {

Status pin_object(const Fd& object, const std::filesystem::path& path) {
    if (const int error = bpf_obj_pin(object.get(), path.c_str()); error != 0)
        return fail_errno(error, fmt::format("cannot pin {}", path.string()));
    return {};
}

Result<Fd> open_pin(const std::filesystem::path& path) {
    Fd fd(bpf_obj_get(path.c_str()));
    if (!fd.valid())
        return fail_errno(errno, fmt::format("cannot open {}", path.string()));
    return fd;
}

}  // namespace xdpctl::kernel
