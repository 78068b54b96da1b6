// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/survey.h"

#include <algorithm>
#include <set>

namespace xdpctl::kernel {

Result<std::vector<SurveyedDevice>> survey(const Layout& layout, const LiveChain& chain,
                                           std::span<const Interface> interfaces) {
    const auto table = chain.devices();
    if (!table)
        return std::unexpected(table.error());
    std::vector<SurveyedDevice> out;
    for (std::uint16_t i = 0; i < table->size(); ++i) {
        const xdpctl_device& device = (*table)[i];
        if (is_free(device))
            continue;
        SurveyedDevice surveyed{.slot = DeviceSlot{i}, .device = device, .presence = {}, .current_name = {}};
        if (is_attached(device)) {
            const auto presence = check(IfIndex{device.ifindex}, chain.key().hook, attachment_of(device),
                                        layout.link(chain.key(), surveyed.slot));
            // libxdp's dispatcher cannot be seen where its pins are hidden, as by `ip netns exec`: it is taken to be as
            // it was left.
            if (!presence && presence.error().kind != ErrorKind::NotFound)
                return std::unexpected(presence.error());
            surveyed.presence = presence.value_or(Presence::Active);
        }
        if (surveyed.is_active()) {
            const auto here = std::ranges::find(interfaces, IfIndex{device.ifindex}, &Interface::index);
            if (here != interfaces.end())
                surveyed.current_name = here->name;
        }
        out.push_back(std::move(surveyed));
    }
    std::ranges::stable_partition(out, &SurveyedDevice::is_active);
    return out;
}

std::vector<std::string> claim_names(std::span<const SurveyedDevice> devices, std::span<const std::string> names) {
    std::set<std::string, std::less<>> open(names.begin(), names.end());
    std::vector<std::string> claimed(devices.size());
    const auto claim = [&](std::size_t i, std::string_view name) {
        if (!claimed[i].empty())
            return;
        if (const auto found = open.find(name); found != open.end())
            claimed[i] = std::move(open.extract(found).value());
    };
    for (std::size_t i = 0; i < devices.size(); ++i)
        claim(i, devices[i].current_name);
    for (std::size_t i = 0; i < devices.size(); ++i)
        claim(i, name_of(devices[i].device));
    return claimed;
}

const Interface* find_by_name(std::span<const Interface> interfaces, std::string_view name) {
    const auto found = std::ranges::find(interfaces, name, &Interface::name);
    return found == interfaces.end() ? nullptr : &*found;
}

}  // namespace xdpctl::kernel
