// SPDX-License-Identifier: BSD-2-Clause
// Loaded BPF programs by id: whose they are and who keeps them.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"

namespace xdpctl::kernel {

[[nodiscard]] Result<bpf_prog_info> program_info(int program);
[[nodiscard]] Result<std::uint32_t> program_id(int program);
// Of the maps that it uses.
[[nodiscard]] Result<std::vector<std::uint32_t>> map_ids(int program);
[[nodiscard]] Result<std::uint32_t> pinned_program_id(const std::filesystem::path& pin);
// False also when nothing can be read there.
[[nodiscard]] bool pins_program(const std::filesystem::path& pin, std::uint32_t id);

// One line that tells a program apart and says who holds it, as far as this process may see:
//   program 42 "xdp_count", loaded by uid 0, link 7, pinned at /sys/fs/bpf/count, held by xdp-count (pid 812)
// Looks through BPF file systems and processes: for error messages, not for every packet.
[[nodiscard]] std::string describe_program(std::uint32_t id);

}  // namespace xdpctl::kernel
