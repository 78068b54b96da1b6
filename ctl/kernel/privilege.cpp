// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/privilege.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <vector>

namespace xdpctl::kernel {

namespace {

// glibc has no wrapper for capget(2).
Result<std::uint64_t> effective_capabilities() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
    if (::syscall(SYS_capget, &header, data.data()) != 0)
        return fail_errno(errno, "cannot read the process's capabilities");
    return data[0].effective | std::uint64_t{data[1].effective} << 32;
}

}  // namespace

Result<std::vector<std::string_view>> missing_privileges() {
    const Result<std::uint64_t> effective = effective_capabilities();
    if (!effective)
        return std::unexpected(effective.error());
    const auto has = [&](int capability) { return (*effective >> capability & 1) != 0; };

    std::vector<std::string_view> missing;
    if (!has(CAP_BPF) && !has(CAP_SYS_ADMIN))
        missing.emplace_back("CAP_BPF");
    if (!has(CAP_NET_ADMIN))
        missing.emplace_back("CAP_NET_ADMIN");
    if (!has(CAP_PERFMON) && !has(CAP_SYS_ADMIN))
        missing.emplace_back("CAP_PERFMON");
    return missing;
}

Status require_privileges(std::string_view purpose) {
    const auto missing = missing_privileges();
    if (!missing)
        return std::unexpected(missing.error());
    if (missing->empty())
        return {};
    return fail(ErrorKind::Privilege, fmt::format("cannot {}", purpose),
                fmt::format("missing {}", fmt::join(*missing, ", ")),
                "run it as root (sudo), or give it CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON");
}

}  // namespace xdpctl::kernel
