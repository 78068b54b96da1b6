// SPDX-License-Identifier: BSD-2-Clause
// bpf_links to a device's hook: a pinned one keeps the program attached after the command has ended.
#pragma once

#include <bpf/bpf.h>

#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>

#include "base/error.h"
#include "base/fd.h"
#include "base/types.h"

namespace xdpctl::kernel {

// The error is the kernel's errno: what it means differs from hook to hook.
[[nodiscard]] std::expected<Fd, int> create_link(int program, IfIndex device, bpf_attach_type type,
                                                 std::uint32_t flags);

// Takes the program off at once, whoever else holds the link.
void break_link(const Fd& link);

struct LinkInfo {
    std::uint32_t program_id = 0;
    IfIndex device{};  // in the device's own network namespace; 0 when the device is gone or the link was broken
};
// None when nothing is pinned there.
[[nodiscard]] Result<std::optional<LinkInfo>> pinned_link(const std::filesystem::path& pin);

// Breaks the link and removes the pin. No error when nothing is pinned there.
[[nodiscard]] Status remove_pinned_link(const std::filesystem::path& pin);

}  // namespace xdpctl::kernel
