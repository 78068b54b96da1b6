// SPDX-License-Identifier: BSD-2-Clause
// Makes libxdp load xdpctl's build of its dispatcher (xdp/dispatcher.bpf.c), the only one that entries can run under on
// recent kernels.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"

namespace xdpctl::kernel {

// libxdp reads the object from the folder that an environment variable names: this makes one and points there while it
// lives. Whoever calls libxdp to attach or detach holds one. REQUIRES: no other thread reads or changes the environment
// meanwhile.
class DispatcherObject {
public:
    [[nodiscard]] static Result<DispatcherObject> offer();
    DispatcherObject(DispatcherObject&& other) noexcept
        : directory_(std::exchange(other.directory_, {})), previous_(std::move(other.previous_)) {}
    DispatcherObject& operator=(DispatcherObject&&) = delete;
    ~DispatcherObject();

private:
    explicit DispatcherObject(std::filesystem::path directory);

    std::filesystem::path directory_;      // empty when moved from
    std::optional<std::string> previous_;  // value of the variable
};

}  // namespace xdpctl::kernel
