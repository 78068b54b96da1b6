// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/mount_namespace.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

namespace xdpctl::kernel {

namespace {

// 0 when there is no parent in this pid namespace, or the process is gone.
pid_t parent_of(pid_t pid) {
    std::ifstream status(fmt::format("/proc/{}/status", pid));
    for (std::string line; std::getline(status, line);) {
        constexpr std::string_view key = "PPid:";
        if (line.starts_with(key))
            return std::atoi(line.c_str() + key.size());
    }
    return 0;
}

Fd open_mount_namespace(pid_t pid) {
    return Fd(::open(fmt::format("/proc/{}/ns/mnt", pid).c_str(), O_RDONLY | O_CLOEXEC));
}

bool same_file(const Fd& a, const Fd& b) {
    struct stat first{};
    struct stat second{};
    return ::fstat(a.get(), &first) == 0 && ::fstat(b.get(), &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

}  // namespace

Fd outer_mount_namespace() {
    const Fd own = open_mount_namespace(::getpid());
    Fd outer = open_mount_namespace(1);
    if (!outer.valid()) {
        for (pid_t pid = ::getppid(); pid > 0; pid = parent_of(pid)) {
            if (Fd ancestor = open_mount_namespace(pid); ancestor.valid())
                outer = std::move(ancestor);
        }
    }
    if (!outer.valid() || same_file(own, outer))
        return Fd();
    return outer;
}

Result<Fd> in_mount_namespace(const Fd& mount_namespace, const std::function<Result<Fd>()>& action) {
    Result<Fd> result;
    std::thread([&] {
        // A thread that shares its root and working directory with others must not change mount namespaces.
        if (::unshare(CLONE_FS) != 0 || ::setns(mount_namespace.get(), CLONE_NEWNS) != 0)
            result = fail_errno(errno, "cannot enter the outer mount namespace");
        else
            result = action();
    }).join();
    return result;
}

}  // namespace xdpctl::kernel
