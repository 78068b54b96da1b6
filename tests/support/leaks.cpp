// SPDX-License-Identifier: BSD-2-Clause
#include "support/leaks.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <sstream>

#include "kernel/bpffs.h"
#include "kernel/interface.h"
#include "kernel/tcx.h"

namespace xdpctl::test {

namespace {

namespace fs = std::filesystem;
using Lines = std::set<std::string>;

void add_descriptors(Lines& lines) {
    std::vector<std::string> numbers;
    for (const fs::directory_entry& descriptor : fs::directory_iterator("/proc/self/fd"))
        numbers.push_back(descriptor.path().filename());
    for (const std::string& number : numbers) {
        std::error_code gone;  // the one that the directory was read through
        const fs::path target = fs::read_symlink("/proc/self/fd/" + number, gone);
        if (!gone)
            lines.insert(fmt::format("descriptor {}: {}", number, target.native()));
    }
}

void add_pins(Lines& lines) {
    const char* root = std::getenv(kernel::bpffs_variable);
    if (root == nullptr)
        return;
    for (const fs::directory_entry& pin : fs::recursive_directory_iterator(root))
        lines.insert(fmt::format("pin {}", pin.path().native()));
}

void add_namespaces(Lines& lines) {
    const std::string own = fmt::format("xdpctl-{}-", ::getpid());
    std::error_code none;
    for (const fs::directory_entry& name : fs::directory_iterator("/run/netns", none)) {
        if (name.path().filename().native().starts_with(own))
            lines.insert(fmt::format("namespace {}", name.path().filename().native()));
    }
}

void add_output(Lines& lines, const Netns& netns, const std::string& command) {
    std::istringstream output(netns.shell(command));
    for (std::string line; std::getline(output, line);)
        lines.insert(fmt::format("{}: {}: {}", netns.name(), command, line));
}

void add_devices(Lines& lines, const Netns& netns) {
    const auto interfaces = netns.run([] { return kernel::interfaces(); });
    for (const kernel::Interface& interface : interfaces.value()) {
        lines.insert(fmt::format("{}: {} with XDP programs {}/{}/{}", netns.name(), interface.name,
                                 interface.xdp_program_native, interface.xdp_program_generic,
                                 interface.xdp_program_offload));
        for (const ruleset::Hook hook : {ruleset::Hook::Ingress, ruleset::Hook::Egress}) {
            const auto programs = netns.run([&] { return kernel::tcx_programs(interface.index, hook); });
            for (const std::uint32_t program : programs.value_or(std::vector<std::uint32_t>()))
                lines.insert(fmt::format("{}: {} with TCX program {}", netns.name(), interface.name, program));
        }
        for (const char* direction : {"ingress", "egress"})
            add_output(lines, netns, fmt::format("tc filter show dev {} {}", interface.name, direction));
    }
    add_output(lines, netns, "tc qdisc show");
}

}  // namespace

Snapshot::Snapshot(const std::vector<const Netns*>& namespaces) : namespaces_(namespaces), before_(look()) {}

std::set<std::string> Snapshot::look() const {
    Lines lines;
    add_descriptors(lines);
    add_pins(lines);
    add_namespaces(lines);
    for (const Netns* netns : namespaces_)
        add_devices(lines, *netns);
    return lines;
}

std::vector<std::string> Snapshot::differences() const {
    const Lines now = look();
    std::vector<std::string> out;
    const auto add = [&](const Lines& left, const Lines& right, char mark) {
        Lines only;
        std::ranges::set_difference(left, right, std::inserter(only, only.end()));
        for (const std::string& line : only)
            out.push_back(fmt::format("{} {}", mark, line));
    };
    add(now, before_, '+');
    add(before_, now, '-');
    return out;
}

}  // namespace xdpctl::test
