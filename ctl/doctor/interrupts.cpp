// SPDX-License-Identifier: BSD-2-Clause
#include "doctor/interrupts.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <utility>

namespace xdpctl::doctor {

namespace {

namespace fs = std::filesystem;

// A list as the kernel prints it: "0-3,8".
void add_cpus(std::string_view list, std::set<unsigned>& cpus) {
    const char* at = list.data();
    const char* const end = at + list.size();
    while (at < end) {
        unsigned first = 0;
        auto [stop, error] = std::from_chars(at, end, first);
        if (error != std::errc{})
            return;
        unsigned last = first;
        if (stop < end && *stop == '-')
            stop = std::from_chars(stop + 1, end, last).ptr;
        for (unsigned cpu = first; cpu <= last; ++cpu)
            cpus.insert(cpu);
        at = stop + 1;
    }
}

}  // namespace

Interrupts interrupts_of(const kernel::Interface& interface) {
    Interrupts out;
    const fs::path device = fmt::format("/sys/class/net/{}", interface.name);
    std::uint32_t index = 0;
    if (std::ifstream(device / "ifindex") >> index; index != std::to_underlying(interface.index))
        return out;
    std::error_code ignored;
    // A virtio device has the interrupts of the PCI device below it.
    for (const char* place : {"device/msi_irqs", "device/../msi_irqs"}) {
        for (const fs::directory_entry& irq : fs::directory_iterator(device / place, ignored)) {
            std::string list;
            if (!std::getline(std::ifstream("/proc/irq" / irq.path().filename() / "effective_affinity_list"), list))
                continue;
            ++out.number;
            add_cpus(list, out.cpus);
        }
    }
    return out;
}

}  // namespace xdpctl::doctor
