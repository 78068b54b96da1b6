// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/net_namespace.h"

#include <fcntl.h>
#include <linux/net_namespace.h>
#include <linux/nsfs.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "kernel/netlink.h"

namespace xdpctl::kernel {

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> processes() {
    std::vector<fs::path> paths;
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator("/proc", ignored)) {
        if (entry.path().filename().native().find_first_not_of("0123456789") == std::string::npos)
            paths.push_back(entry.path());
    }
    return paths;
}

// Named namespaces first: there are few of them.
std::vector<fs::path> namespace_paths() {
    std::vector<fs::path> paths;
    std::error_code ignored;
    for (const fs::directory_entry& name : fs::directory_iterator("/run/netns", ignored))
        paths.push_back(name.path());
    for (const fs::path& process : processes())
        paths.push_back(process / "ns/net");
    return paths;
}

bool sees_all_processes() {
    constexpr ino_t initial_pid_namespace = 0xEFFFFFFC;  // PROC_PID_INIT_INO, fixed in every kernel
    struct stat status{};
    std::error_code error;
    return ::stat("/proc/self/ns/pid", &status) == 0 && status.st_ino == initial_pid_namespace &&
           fs::read_symlink("/proc/self", error).native() == std::to_string(::getpid());
}

// "net:[4026531840]", as mounts of network namespaces are called.
std::optional<ino_t> inode_in(std::string_view text) {
    constexpr std::string_view start = "net:[";
    ino_t inode = 0;
    if (!text.starts_with(start))
        return std::nullopt;
    const auto [end, error] = std::from_chars(text.data() + start.size(), text.data() + text.size(), inode);
    return error == std::errc{} ? std::optional(inode) : std::nullopt;
}

// mountinfo writes space, tab, newline and backslash as \040 and the like.
std::string unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned char octal = 0;
        if (text[i] == '\\' && i + 3 < text.size() &&
            std::from_chars(&text[i + 1], &text[i + 1] + 3, octal, 8).ec == std::errc{}) {
            out += static_cast<char>(octal);
            i += 3;
        } else {
            out += text[i];
        }
    }
    return out;
}

class Census {
public:
    // False when something cannot be looked at.
    bool take() {
        if (::stat("/proc/self/ns/net", &namespaces_) != 0)
            return false;
        return std::ranges::all_of(processes(), [this](const fs::path& process) { return take(process); });
    }
    [[nodiscard]] std::map<ino_t, fs::path> found() && { return std::move(found_); }

private:
    bool take(const fs::path& process) {
        // Pid 1 may be closed even to root. It is where the kernel's threads are, which are not.
        if (process == "/proc/1" && ::access("/proc/1/ns/net", F_OK) != 0 && errno == EACCES)
            return true;
        return take_links(process / "task", "ns/net") && take_links(process / "fd", {}) && take_mounts(process);
    }

    // The namespaces that `link` in each entry of the directory leads to.
    bool take_links(const fs::path& directory, const fs::path& link) {
        std::error_code error;
        for (fs::directory_iterator i(directory, error), end; !error && i != end; i.increment(error)) {
            if (!take_link(link.empty() ? i->path() : i->path() / link))
                return false;
        }
        return !error || is_gone(error);
    }

    // The text of a link to a descriptor does not tell: a namespace that was opened by a name has that name there.
    bool take_link(const fs::path& path) {
        struct statx file{};
        if (::statx(AT_FDCWD, path.c_str(), AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_INO, &file) != 0)
            return errno != EACCES && errno != EPERM;
        if (makedev(file.stx_dev_major, file.stx_dev_minor) != namespaces_.st_dev || found_.contains(file.stx_ino))
            return true;
        const Fd opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!opened.valid())
            return errno == ENOENT || errno == ESRCH;
        if (::ioctl(opened.get(), NS_GET_NSTYPE) == CLONE_NEWNET)
            found_.emplace(file.stx_ino, path);
        return true;
    }

    bool take_mounts(const fs::path& process) {
        std::error_code error;
        const fs::path mounts = fs::read_symlink(process / "ns/mnt", error);
        if (error)
            return is_gone(error);
        if (!mount_namespaces_.insert(mounts).second)
            return true;
        std::ifstream lines(process / "mountinfo");
        for (std::string line; std::getline(lines, line);) {
            std::istringstream words(line);
            std::string id;
            std::string parent;
            std::string device;
            std::string root;
            std::string where;
            words >> id >> parent >> device >> root >> where;
            // The path ends at another file when something is mounted over it: whoever opens it has to look.
            if (const auto inode = inode_in(root))
                found_.try_emplace(*inode, (process / "root").native() + unescape(where));
        }
        return true;
    }

    // The process has ended meanwhile.
    static bool is_gone(const std::error_code& error) {
        return error == std::errc::no_such_file_or_directory || error == std::errc::no_such_process;
    }

    struct stat namespaces_{};  // a file on the file system of all namespaces
    std::map<ino_t, fs::path> found_;
    std::set<fs::path> mount_namespaces_;
};

std::optional<std::int32_t> id_of(NetlinkSocket& socket, const Fd& net_namespace) {
    NetlinkMessage request(RTM_GETNSID, 0);
    request.extra<rtgenmsg>().rtgen_family = AF_UNSPEC;
    mnl_attr_put_u32(request.get(), NETNSA_FD, static_cast<std::uint32_t>(net_namespace.get()));
    std::optional<std::int32_t> id;
    const auto done = socket.talk(request, [&](const nlmsghdr& message) {
        for_each_attribute(message, sizeof(rtgenmsg), [&](unsigned type, const nlattr* attribute) {
            if (type == NETNSA_NSID)
                id = static_cast<std::int32_t>(mnl_attr_get_u32(attribute));
        });
    });
    return done ? id : std::nullopt;
}

}  // namespace

Fd find_net_namespace(std::int32_t id) {
    Result<NetlinkSocket> socket = NetlinkSocket::open();
    if (!socket)
        return Fd();
    for (const fs::path& path : namespace_paths()) {
        Fd candidate(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (candidate.valid() && id_of(*socket, candidate) == id)
            return candidate;
    }
    return Fd();
}

std::optional<std::map<ino_t, fs::path>> find_net_namespaces() {
    Census census;
    // Twice: what a process hands to one that was listed before is missed once.
    if (!sees_all_processes() || !census.take() || !census.take())
        return std::nullopt;
    return std::move(census).found();
}

bool in_net_namespace(const Fd& net_namespace, const std::function<void()>& action) {
    bool entered = false;
    std::thread([&] {
        entered = ::setns(net_namespace.get(), CLONE_NEWNET) == 0;
        if (entered)
            action();
    }).join();
    return entered;
}

}  // namespace xdpctl::kernel
