// SPDX-License-Identifier: BSD-2-Clause
// Where the state of a network namespace is pinned: a directory of its own on a BPF file system.
//
// The file system is the project's own, mounted on /run/xdpctl/bpf, and not /sys/fs/bpf: `ip netns exec` covers /sys
// with a fresh sysfs, so the same network namespace would have one state inside the command and another one outside. A
// command in a private mount namespace (as `ip netns exec` makes it) that does not see the file system takes the mount
// of the mount namespace it came from, pid 1's or its oldest visible ancestor's, and mounts it there first if need be.
// Without access to any outer mount namespace (a container) the mount stays in this one and lasts as long as it does.
//
// Directories are named after the network namespace's cookie, which is never used again before a reboot: a new
// namespace cannot find a deleted one's state. Kernels before 5.14 have no cookie; there the inode number names it, and
// a new namespace that gets a deleted one's number finds what was not flushed before the deletion.
#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"
#include "kernel/warnings.h"

namespace xdpctl::kernel {

// Environment variable: an existing directory on a BPF file system that takes the place of /run/xdpctl/bpf. Nothing is
// mounted then.
inline constexpr const char* bpffs_variable = "XDPCTL_BPFFS";

// The state directory of the calling thread's network namespace. With `create` the BPF file system is mounted if it is
// missing (said in `warnings`) and the directory is made, mode 0700; without, the directory may be missing.
// Errors: Privilege; Input when the variable names no directory on a BPF file system.
[[nodiscard]] Result<std::filesystem::path> state_directory(bool create, Warnings& warnings);

// The name of the calling thread's state directory below its parent.
[[nodiscard]] Result<std::string> state_directory_name();

// Whether the path exists and lies on a BPF file system.
[[nodiscard]] bool on_bpffs(const std::filesystem::path& path);

}  // namespace xdpctl::kernel
