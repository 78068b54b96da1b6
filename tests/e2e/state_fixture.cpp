// SPDX-License-Identifier: BSD-2-Clause
#include "e2e/state_fixture.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <iterator>

namespace xdpctl::kernel {

pid_t fork_child(const std::function<void()>& action) {
    const pid_t child = ::fork();
    if (child != 0)
        return child;
    try {
        action();
        ::_exit(0);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        ::_exit(1);
    }
}

int wait_for(pid_t child) {
    int status = -1;
    ::waitpid(child, &status, 0);
    return status;
}

std::size_t open_descriptors() {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator{}));
}

namespace {

bool changes_something(std::uint64_t call) {
    switch (call) {
    case SYS_bpf:
    case SYS_mkdirat:
    case SYS_renameat:
    case SYS_unlinkat:
    case SYS_sendto:
#ifdef SYS_unlink
    case SYS_mkdir:
    case SYS_rename:
    case SYS_rmdir:
    case SYS_unlink:
#endif
        return true;
    default:
        return false;
    }
}

}  // namespace

bool kill_at_call(unsigned n, const std::function<void()>& action) {
    const pid_t child = fork_child([&] {
        ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
        ::raise(SIGSTOP);
        action();
    });
    wait_for(child);
    ::ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
    for (;;) {
        ::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
        const int status = wait_for(child);
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            EXPECT_EQ(status, 0);
            return false;
        }
        __ptrace_syscall_info info{};
        ::ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info), &info);
        if (info.op == PTRACE_SYSCALL_INFO_ENTRY && changes_something(info.entry.nr) && --n == 0) {
            ::kill(child, SIGKILL);
            wait_for(child);
            return true;
        }
    }
}

}  // namespace xdpctl::kernel
