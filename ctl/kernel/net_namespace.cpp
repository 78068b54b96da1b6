// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/net_namespace.h"

#include <fcntl.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sched.h>

#include <filesystem>
#include <optional>
#include <thread>
#include <vector>

#include "kernel/netlink.h"

namespace xdpctl::kernel {

namespace {

namespace fs = std::filesystem;

// Named namespaces first: there are few of them.
std::vector<fs::path> namespace_paths() {
    std::vector<fs::path> paths;
    std::error_code ignored;
    for (const fs::directory_entry& name : fs::directory_iterator("/run/netns", ignored))
        paths.push_back(name.path());
    for (const fs::directory_entry& process : fs::directory_iterator("/proc", ignored)) {
        if (process.path().filename().native().find_first_not_of("0123456789") == std::string::npos)
            paths.push_back(process.path() / "ns/net");
    }
    return paths;
}

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
