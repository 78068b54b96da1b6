// SPDX-License-Identifier: BSD-2-Clause
#include "support/confined.h"

#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace xdpctl::test {

namespace {

void require(bool ok, const char* what) {
    if (!ok)
        throw std::system_error(errno, std::generic_category(), what);
}

bool in_child(const std::function<bool()>& action) {
    const pid_t child = ::fork();
    require(child >= 0, "fork");
    if (child == 0) {
        bool result = false;
        try {
            result = action();
        } catch (const std::exception& error) {
            std::cerr << error.what() << '\n';
        }
        std::cerr.flush();
        ::_exit(result ? 0 : 1);
    }
    int status = 0;
    require(::waitpid(child, &status, 0) == child, "waitpid");
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

void with_capabilities(const std::vector<int>& capabilities, const std::function<void()>& action) {
    std::exception_ptr failure;
    std::thread([&] {
        std::uint64_t kept = 0;
        for (const int capability : capabilities)
            kept |= std::uint64_t{1} << capability;
        __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
        std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
        for (std::size_t i = 0; i < data.size(); ++i)
            data[i].effective = data[i].permitted = static_cast<std::uint32_t>(kept >> (32 * i));
        try {
            // By the bare call it concerns this thread only.
            require(::syscall(SYS_capset, &header, data.data()) == 0, "capset");
            action();
        } catch (...) {
            failure = std::current_exception();
        }
    }).join();
    if (failure)
        std::rethrow_exception(failure);
}

bool on_fresh_machine(const std::function<bool()>& action) {
    return in_child([&] {
        require(::unshare(CLONE_NEWPID | CLONE_NEWNS) == 0, "unshare");
        return in_child([&] {
            require(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "make mounts private");
            require(::mount("proc", "/proc", "proc", 0, nullptr) == 0, "mount /proc");
            require(::mount("tmpfs", "/run", "tmpfs", 0, nullptr) == 0, "mount /run");
            return action();
        });
    });
}

bool in_private_mounts(const std::function<bool()>& action) {
    return in_child([&] {
        require(::unshare(CLONE_NEWNS) == 0, "unshare");
        require(::mount("none", "/", nullptr, MS_REC | MS_SLAVE, nullptr) == 0, "make mounts slaves");
        return action();
    });
}

}  // namespace xdpctl::test
