// SPDX-License-Identifier: BSD-2-Clause
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include <compare>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "base/fd.h"
#include "doctor/examine.h"
#include "kernel/bpffs.h"
#include "kernel/net_namespace.h"
#include "kernel/privilege.h"

namespace xdpctl::doctor {

namespace {

struct Version {
    int major = 0;
    int minor = 0;
    auto operator<=>(const Version&) const = default;
};

Version kernel_version(const char* release) {
    Version version;
    std::sscanf(release, "%d.%d", &version.major, &version.minor);
    return version;
}

// None when the kernel does not have the setting, or does not show it. The JIT's are shown in the initial network
// namespace only.
std::optional<int> read_sysctl(const std::string& name) {
    std::string path = "/proc/sys/" + name;
    for (char& c : path)
        if (c == '.')
            c = '/';
    int value = 0;
    if (std::ifstream file(path); file >> value)
        return value;
    return std::nullopt;
}

void check_version(Section& section, const utsname& kernel) {
    const Version version = kernel_version(kernel.release);
    const std::string what = fmt::format("Linux {} ({})", kernel.release, kernel.machine);
    if (version < Version{5, 10})
        section.add(Severity::Problem, "kernel", what, "xdpctl is made for Linux 5.10 and newer",
                    "install a newer kernel");
    else if (version < Version{6, 1})
        section.add(Severity::Note, "kernel", what, "works with limits; Linux 6.1 and newer have everything");
    else
        section.ok("kernel", what);
}

void check_capabilities(Section& section) {
    const auto missing = kernel::missing_privileges();
    if (!missing)
        return section.add(Severity::Problem, "capabilities", missing.error().text(), "");
    if (missing->empty())
        return section.ok("capabilities", "CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON, or what covers them");
    section.add(Severity::Problem, "capabilities", fmt::format("missing {}", fmt::join(*missing, ", ")),
                "xdpctl can neither change nor read the running ruleset, and much below is not examined",
                "run it as root: sudo xdpctl doctor");
}

void check_btf(Section& section) {
    std::error_code ignored;
    if (std::filesystem::exists("/sys/kernel/btf/vmlinux", ignored))
        section.ok("btf", "the kernel's types are in /sys/kernel/btf/vmlinux");
    else
        section.add(Severity::Note, "btf", "no /sys/kernel/btf/vmlinux",
                    "filtering does not need it, but libxdp's dispatcher does: the XDP hook cannot be shared",
                    "use a kernel with CONFIG_DEBUG_INFO_BTF, or mount sysfs: mount -t sysfs sysfs /sys");
}

struct JitSettings {
    std::optional<int> enabled;
    std::optional<int> hardened;
};

JitSettings read_jit_settings() {
    JitSettings out;
    const auto read = [&] { out = {read_sysctl("net.core.bpf_jit_enable"), read_sysctl("net.core.bpf_jit_harden")}; };
    read();
    if (const Fd initial(::open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC)); !out.enabled && initial.valid())
        kernel::in_net_namespace(initial, read);
    return out;
}

void check_jit(Section& section) {
    const auto [enabled, hardened] = read_jit_settings();
    if (!enabled)
        section.add(Severity::Note, "jit", "net.core.bpf_jit_enable cannot be read",
                    "if this kernel has no JIT compiler, programs are interpreted and many times slower");
    else if (*enabled == 0)
        section.add(Severity::Warning, "jit", "the JIT compiler is off",
                    "programs are interpreted: a packet costs many times more", "sysctl -w net.core.bpf_jit_enable=1");
    else if (*enabled == 2)
        section.add(Severity::Warning, "jit", "the JIT compiler writes every program into the kernel's log",
                    "this is for debugging the compiler, and shows kernel addresses to all who read the log",
                    "sysctl -w net.core.bpf_jit_enable=1");
    else
        section.ok("jit", "on");
    if (hardened == 2)
        section.add(Severity::Warning, "jit-harden", "constants are blinded in programs of root too",
                    "rules become more instructions, and tail calls indirect jumps: a packet costs more. Value 1 "
                    "still hardens the programs of users",
                    "sysctl -w net.core.bpf_jit_harden=1");
    else if (hardened)
        section.ok("jit-harden", "programs of root are compiled as they are");
}

void check_sysctls(Section& section) {
    if (read_sysctl("kernel.unprivileged_bpf_disabled") == 0)
        section.add(Severity::Warning, "unprivileged", "every user may load BPF programs",
                    "that is an attack surface which xdpctl does not need",
                    "sysctl -w kernel.unprivileged_bpf_disabled=2");
    else
        section.ok("unprivileged", "users may not load BPF programs");
    if (read_sysctl("kernel.bpf_stats_enabled").value_or(0) != 0)
        section.add(Severity::Warning, "bpf-stats", "the kernel measures every run of every BPF program",
                    "two clock readings a packet cost more than most rulesets", "sysctl -w kernel.bpf_stats_enabled=0");
    if (read_sysctl("kernel.kptr_restrict") == 2)
        section.add(Severity::Note, "kptr-restrict", "kernel addresses are hidden from root too",
                    "filtering does not care, but perf and bpftool cannot name the programs' compiled code",
                    "sysctl -w kernel.kptr_restrict=1");
}

void check_memory(Section& section, const utsname& kernel) {
    if (kernel_version(kernel.release) >= Version{5, 11})
        return section.ok("memlock", "maps count for the memory control group, not for RLIMIT_MEMLOCK");
    rlimit limit{};
    if (::getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_max == RLIM_INFINITY)
        return section.ok("memlock", "unlimited");
    section.add(Severity::Note, "memlock", fmt::format("RLIMIT_MEMLOCK is {} bytes at most", limit.rlim_max),
                "maps count for it before Linux 5.11; it is raised when needed, which takes CAP_SYS_RESOURCE",
                "ulimit -l unlimited");
}

void check_bpffs(Section& section) {
    kernel::Warnings none;
    const auto directory = kernel::state_directory(false, none);
    if (!directory)  // said of the state
        return;
    if (kernel::on_bpffs(directory->parent_path()))
        section.ok("bpffs", fmt::format("state is kept below {}", directory->parent_path().native()));
    else
        section.add(Severity::Note, "bpffs", fmt::format("nothing is mounted on {}", directory->parent_path().native()),
                    "the first command that changes something mounts it");
    const char* libxdp = std::getenv("LIBXDP_BPFFS");
    const std::string shared = libxdp != nullptr ? libxdp : "/sys/fs/bpf";
    if (kernel::on_bpffs(shared))
        section.ok("libxdp-bpffs", fmt::format("libxdp can pin below {}", shared));
    else
        section.add(Severity::Note, "libxdp-bpffs", fmt::format("no BPF file system on {}", shared),
                    "libxdp's dispatcher cannot be used: the XDP hook is not shared with other tools",
                    fmt::format("mount -t bpf bpf {}", shared));
}

}  // namespace

Section examine_host() {
    Section section{.subject = "host", .findings = {}};
    utsname kernel{};
    ::uname(&kernel);
    check_version(section, kernel);
    check_capabilities(section);
    check_btf(section);
    check_jit(section);
    check_sysctls(section);
    check_memory(section, kernel);
    check_bpffs(section);
    return section;
}

}  // namespace xdpctl::doctor
