// SPDX-License-Identifier: BSD-2-Clause
// A BPF file system of a test's own.
#pragma once

#include <filesystem>

namespace xdpctl::test {

// Mounted on a temporary directory and named in XDPCTL_BPFFS while it lives, so that this process and the commands it
// runs keep their state there. What is still pinned goes away with it. Throws std::runtime_error when it cannot be
// mounted.
class Bpffs {
public:
    Bpffs();
    ~Bpffs();
    Bpffs(const Bpffs&) = delete;
    Bpffs& operator=(const Bpffs&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace xdpctl::test
