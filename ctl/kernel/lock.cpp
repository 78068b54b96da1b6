// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

namespace xdpctl::kernel {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::milliseconds poll_interval{10};

std::string command_line(const std::string& pid) {
    std::ifstream file("/proc/" + pid + "/cmdline", std::ios::binary);
    std::string words{std::istreambuf_iterator<char>(file), {}};
    while (words.ends_with('\0'))
        words.pop_back();
    std::ranges::replace(words, '\0', ' ');
    return words;
}

// A writer that leaves an empty state removes the directory: a lock on a removed one protects nothing.
bool is_still_at(const Fd& directory, const fs::path& path) {
    struct stat held{};
    struct stat named{};
    return ::fstat(directory.get(), &held) == 0 && ::stat(path.c_str(), &named) == 0 && held.st_dev == named.st_dev &&
           held.st_ino == named.st_ino;
}

}  // namespace

// A holder in another pid namespace has no pid here.
std::string lock_holder(const Fd& directory) {
    const std::string unknown = "a process that is not visible here";
    struct stat status{};
    if (::fstat(directory.get(), &status) != 0)
        return unknown;
    const std::string file = fmt::format("{:02x}:{:02x}:{}", major(status.st_dev), minor(status.st_dev), status.st_ino);
    // "1: FLOCK  ADVISORY  WRITE 4711 00:2a:1234 0 EOF"; waiters have "->" in the second column.
    std::ifstream locks("/proc/locks");
    for (std::string line; std::getline(locks, line);) {
        std::istringstream words(line);
        std::string id;
        std::string type;
        std::string strictness;
        std::string access;
        std::string pid;
        std::string where;
        words >> id >> type >> strictness >> access >> pid >> where;
        if (type == "FLOCK" && where == file && pid != "0")
            return fmt::format("pid {} ({})", pid, command_line(pid));
    }
    return unknown;
}

Result<WriterLock> WriterLock::acquire(const fs::path& directory, std::chrono::milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    for (;;) {
        if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
            return fail_errno(errno, fmt::format("cannot make {}", directory.string()));
        Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!fd.valid()) {
            if (errno == ENOENT)
                continue;
            return fail_errno(errno, fmt::format("cannot open {}", directory.string()));
        }
        if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) {
            if (is_still_at(fd, directory))
                return WriterLock(std::move(fd));
            continue;
        }
        if (errno != EWOULDBLOCK && errno != EINTR)
            return fail_errno(errno, fmt::format("cannot lock {}", directory.string()));
        if (Clock::now() >= deadline)
            return fail(ErrorKind::Locked, fmt::format("cannot lock {}", directory.string()),
                        fmt::format("{} is changing the rules", lock_holder(fd)), "try again when it has finished");
        std::this_thread::sleep_for(poll_interval);
    }
}

}  // namespace xdpctl::kernel
