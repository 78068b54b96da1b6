// SPDX-License-Identifier: BSD-2-Clause
#include "support/bpffs.h"

#include <fmt/format.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

#include "kernel/bpffs.h"

namespace xdpctl::test {

Bpffs::Bpffs() {
    std::string path = (std::filesystem::temp_directory_path() / "xdpctl-test-XXXXXX").native();
    if (::mkdtemp(path.data()) == nullptr)
        throw std::runtime_error(fmt::format("{}: {}", path, std::strerror(errno)));
    path_ = path;
    if (::mount("bpf", path_.c_str(), "bpf", 0, nullptr) != 0) {
        const int error = errno;
        std::filesystem::remove(path_);
        throw std::runtime_error(fmt::format("cannot mount a BPF file system: {}", std::strerror(error)));
    }
    ::setenv(kernel::bpffs_variable, path_.c_str(), 1);
}

Bpffs::~Bpffs() {
    ::unsetenv(kernel::bpffs_variable);
    ::umount2(path_.c_str(), MNT_DETACH);
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
}

}  // namespace xdpctl::test
