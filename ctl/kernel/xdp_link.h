// SPDX-License-Identifier: BSD-2-Clause
// An entry as a device's only XDP program, by a pinned bpf_link.
#pragma once

#include <filesystem>

#include "base/error.h"
#include "kernel/attach.h"
#include "kernel/interface.h"

namespace xdpctl::kernel {

// Program id on the device in this mode, 0 when there is none.
[[nodiscard]] std::uint32_t xdp_program(const Interface& interface, xdpctl_mode mode);

// Loads the entry, attaches it in exactly this mode and proves it active. Errors: Busy when somebody was quicker;
// Unsupported with the driver's reason.
[[nodiscard]] Result<Attachment> attach_xdp_link(const Interface& interface, xdpctl_mode mode, EntryObject entry,
                                                 const std::filesystem::path& pin);

}  // namespace xdpctl::kernel
