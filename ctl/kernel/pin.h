// SPDX-License-Identifier: BSD-2-Clause
// Pins of BPF objects: thin wrappers which return owners and errors that name the path.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/error.h"
#include "base/fd.h"

namespace xdpctl::kernel {

[[nodiscard]] Status pin_object(const Fd& object, const std::filesystem::path& path);
[[nodiscard]] Result<Fd> open_pin(const std::filesystem::path& path);

}  // namespace xdpctl::kernel
