// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/bpffs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/fd.h"
#include "kernel/mount_namespace.h"

namespace xdpctl::kernel {

namespace {

namespace fs = std::filesystem;

constexpr const char* run_directory = "/run/xdpctl";
constexpr const char* mount_point = "/run/xdpctl/bpf";

Status make_directory(const fs::path& path) {
    if (::mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST)
        return fail_errno(errno, fmt::format("cannot make {}", path.native()));
    return {};
}

// Makes the mount point and returns a lock that keeps two commands from mounting one file system over the other.
Result<Fd> lock_mount_point() {
    XDPCTL_TRY(make_directory(run_directory));
    Fd lock(::open(run_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!lock.valid() || ::flock(lock.get(), LOCK_EX) != 0)
        return fail_errno(errno, fmt::format("cannot lock {}", run_directory));
    XDPCTL_TRY(make_directory(mount_point));
    return lock;
}

Status mount_bpffs(Warnings& warnings) {
    const Result<Fd> lock = lock_mount_point();
    if (!lock)
        return std::unexpected(lock.error());
    if (on_bpffs(mount_point))
        return {};
    if (::mount("bpf", mount_point, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") != 0)
        return fail_errno(errno, fmt::format("cannot mount a BPF file system on {}", mount_point),
                          fmt::format("run once as root: mount -t bpf bpf {0}; or name a mounted one in {1}",
                                      mount_point, bpffs_variable));
    warnings.push_back(fmt::format("mounted a BPF file system on {} to keep the state in", mount_point));
    return {};
}

// A copy of the outer namespace's mount, attached to nothing; invalid when there is none and none is to be made.
Result<Fd> copy_outer_mount(bool create, Warnings& warnings) {
    if (create)
        XDPCTL_TRY(mount_bpffs(warnings));
    if (!on_bpffs(mount_point))
        return Fd();
    Fd tree(::open_tree(AT_FDCWD, mount_point, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
    if (!tree.valid())
        return fail_errno(errno, fmt::format("cannot copy the mount of {}", mount_point));
    return tree;
}

// Makes the outer mount namespace's BPF file system visible in this one.
Status adopt_outer_mount(const Fd& outer, bool create, Warnings& warnings) {
    const Result<Fd> tree = in_mount_namespace(outer, [&] { return copy_outer_mount(create, warnings); });
    if (!tree)
        return std::unexpected(tree.error());
    if (!tree->valid())
        return {};
    const Result<Fd> lock = lock_mount_point();
    if (!lock)
        return std::unexpected(lock.error());
    if (on_bpffs(mount_point))  // arrived by mount propagation, or another command was quicker
        return {};
    if (::move_mount(tree->get(), "", AT_FDCWD, mount_point, MOVE_MOUNT_F_EMPTY_PATH) != 0)
        return fail_errno(errno, fmt::format("cannot mount the state's BPF file system on {}", mount_point));
    return {};
}

Result<fs::path> bpffs_root(bool create, Warnings& warnings) {
    if (const char* chosen = std::getenv(bpffs_variable); chosen != nullptr && *chosen != '\0') {
        if (!on_bpffs(chosen))
            return fail(ErrorKind::Input, fmt::format("{}={} is not on a BPF file system", bpffs_variable, chosen), {},
                        fmt::format("mount one there: mount -t bpf bpf {}", chosen));
        return fs::path(chosen);
    }
    if (!on_bpffs(mount_point)) {
        if (const Fd outer = outer_mount_namespace(); outer.valid())
            XDPCTL_TRY(adopt_outer_mount(outer, create, warnings));
        else if (create)
            XDPCTL_TRY(mount_bpffs(warnings));
    }
    return fs::path(mount_point);
}

}  // namespace

// A BPF file system allows no dots in names.
Result<std::string> state_directory_name() {
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    std::uint64_t cookie = 0;
    socklen_t size = sizeof cookie;
    if (socket.valid() && ::getsockopt(socket.get(), SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) == 0)
        return fmt::format("netns-{}", cookie);
    struct stat inode{};
    if (::stat("/proc/thread-self/ns/net", &inode) != 0)
        return fail_errno(errno, "cannot tell the network namespace: /proc/thread-self/ns/net");
    return fmt::format("netns-inode-{}", inode.st_ino);
}

bool on_bpffs(const fs::path& path) {
    struct statfs info{};
    return ::statfs(path.c_str(), &info) == 0 && info.f_type == BPF_FS_MAGIC;
}

Result<fs::path> state_directory(bool create, Warnings& warnings) {
    const Result<fs::path> root = bpffs_root(create, warnings);
    if (!root)
        return root;
    const Result<std::string> name = state_directory_name();
    if (!name)
        return std::unexpected(name.error());
    fs::path directory = *root / *name;
    if (create)
        XDPCTL_TRY(make_directory(directory));
    return directory;
}

}  // namespace xdpctl::kernel
