// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/abandoned.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kernel/attach.h"
#include "kernel/bpffs.h"
#include "kernel/interface.h"
#include "kernel/layout.h"
#include "kernel/libxdp.h"
#include "kernel/link.h"
#include "kernel/live.h"
#include "kernel/lock.h"
#include "kernel/net_namespace.h"

namespace xdpctl::kernel {

namespace fs = std::filesystem;

namespace {

// Devices of a deleted namespace are gone too, but for those that a driver made: they are in the initial one then, with
// their XDP programs. Clsact filters do not move.
bool may_run_in_dispatcher(const xdpctl_device& device) {
    bool found = true;
    const Fd initial(::open("/proc/2/ns/net", O_RDONLY | O_CLOEXEC));  // a thread of the kernel
    in_net_namespace(initial, [&] {
        const auto present = interfaces();
        found = !present || std::ranges::any_of(*present, [&](const Interface& interface) {
            return in_dispatcher(interface.index, device.program_id).value_or(true);
        });
    });
    return found;
}

bool may_be_attached(const Layout& layout, const ChainKey& key) {
    const auto slots = layout.links(key);
    if (!slots)
        return true;
    for (const DeviceSlot slot : *slots) {
        const auto link = pinned_link(layout.link(key, slot));
        if (!link || (*link && (**link).device != IfIndex{}))
            return true;
    }
    const auto chain = LiveChain::open(layout, key);
    const auto devices = chain ? (*chain)->devices() : std::unexpected(chain.error());
    // A chain whose making was cut short has no maps, and no devices.
    if (!devices)
        return devices.error().kind != ErrorKind::NotFound;
    return std::ranges::any_of(*devices, [](const xdpctl_device& device) {
        return device.attachment == XDPCTL_ATTACHMENT_XDP_DISPATCHER && may_run_in_dispatcher(device);
    });
}

bool may_filter(const fs::path& state) {
    const Layout layout(state);
    const auto keys = layout.chains();
    return !keys || std::ranges::any_of(*keys, [&](const ChainKey& key) { return may_be_attached(layout, key); });
}

std::vector<fs::path> idle_states_beside(const fs::path& own) {
    std::vector<fs::path> states;
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator(own.parent_path(), ignored)) {
        const fs::path& state = entry.path();
        if (state.filename().native().starts_with("netns-") && state != own && !may_filter(state))
            states.push_back(state);
    }
    return states;
}

// None when a namespace cannot be asked.
std::optional<std::set<std::string>> names_of_living_states() {
    const auto namespaces = find_net_namespaces();
    if (!namespaces)
        return std::nullopt;
    std::set<std::string> names;
    for (const auto& [inode, path] : *namespaces) {
        const Fd living(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        struct stat status{};
        if (!living.valid() || ::fstat(living.get(), &status) != 0 || status.st_ino != inode)
            return std::nullopt;
        std::string name;
        in_net_namespace(living, [&] { name = state_directory_name().value_or(""); });
        if (name.empty())
            return std::nullopt;
        names.insert(name);
    }
    return names;
}

// Nothing runs any more, and what fails is left: the next writer tries again.
void remove_state(const fs::path& state) {
    const Layout layout(state);
    for (const ChainKey& key : layout.chains().value_or(std::vector<ChainKey>())) {
        const auto chain = LiveChain::open(layout, key);
        const auto devices = chain ? (*chain)->devices() : std::unexpected(chain.error());
        if (!devices)
            continue;
        // Libxdp's own pins keep an entry loaded, and with it the chain's maps.
        for (const xdpctl_device& device : *devices) {
            if (device.attachment == XDPCTL_ATTACHMENT_XDP_DISPATCHER)
                (void)detach_from_dispatcher(IfIndex{device.ifindex}, device.program_id);
        }
    }
    (void)remove_pins(state);
}

}  // namespace

void remove_abandoned_states(const fs::path& own) {
    const std::vector<fs::path> states = idle_states_beside(own);
    if (states.empty())
        return;
    const auto living = names_of_living_states();
    if (!living)
        return;
    for (const fs::path& state : states) {
        if (living->contains(state.filename().native()))
            continue;
        const auto lock = WriterLock::acquire(state, std::chrono::milliseconds::zero());
        if (lock)
            remove_state(state);
    }
}

}  // namespace xdpctl::kernel
