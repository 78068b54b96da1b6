// SPDX-License-Identifier: BSD-2-Clause
// Network namespaces other than the calling thread's.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>

#include "base/fd.h"

namespace xdpctl::kernel {

// The namespace that rtnetlink calls by this id in the calling thread's one. Invalid when no process and no name below
// /run/netns leads there.
[[nodiscard]] Fd find_net_namespace(std::int32_t id);

// Every network namespace that a process, a descriptor or a mount keeps alive, by inode number, with a path to open it
// by. None when that cannot be known: this process does not see all processes, or may not look into one.
[[nodiscard]] std::optional<std::map<ino_t, std::filesystem::path>> find_net_namespaces();

// Runs `action` inside on a thread of its own; false when the namespace cannot be entered.
bool in_net_namespace(const Fd& net_namespace, const std::function<void()>& action);

}  // namespace xdpctl::kernel
