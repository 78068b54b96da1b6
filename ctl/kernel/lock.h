// SPDX-License-Identifier: BSD-2-Clause
// One writer a state directory: flock on the directory itself, which the kernel drops when the holder dies.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "base/error.h"
#include "base/fd.h"

namespace xdpctl::kernel {

// "pid 4711 (xdpctl apply -f rules)": who holds the flock on a directory.
[[nodiscard]] std::string lock_holder(const Fd& directory);

class WriterLock {
public:
    // Makes the directory when it is missing. Waits for `timeout` at most.
    // Errors: Locked with the holder's pid and command line.
    [[nodiscard]] static Result<WriterLock> acquire(const std::filesystem::path& directory,
                                                    std::chrono::milliseconds timeout);

private:
    explicit WriterLock(Fd directory) : directory_(std::move(directory)) {}
    Fd directory_;
};

}  // namespace xdpctl::kernel
