// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/device_status.h"

#include <algorithm>

#include "kernel/interface.h"
#include "kernel/live.h"
#include "kernel/survey.h"

namespace xdpctl::kernel {

Result<std::vector<DeviceStatus>> device_statuses(const Layout& layout, const ruleset::Ruleset& ruleset,
                                                  const LiveChains& chains) {
    const auto present = interfaces();
    if (!present)
        return std::unexpected(present.error());
    std::vector<DeviceStatus> out;
    for (const NamedChain& named : chains_of(ruleset)) {
        const auto bound = survey(layout, *chains.at(named.key()), *present);
        if (!bound)
            return std::unexpected(bound.error());
        const std::vector<std::string> names = claim_names(*bound, named.chain->devices);
        for (const std::string& name : named.chain->devices) {
            DeviceStatus& status = out.emplace_back();
            status.chain_table = named.table->name;
            status.chain = named.chain->name;
            status.hook = named.chain->hook;
            status.name = name;
            if (find_by_name(*present, name) != nullptr)
                status.current_name = name;
            const auto found = std::ranges::find(names, name);
            if (found == names.end())
                continue;
            const SurveyedDevice& device = (*bound)[static_cast<std::size_t>(found - names.begin())];
            if (!device.presence)
                continue;
            status.current_name = device.current_name;
            status.ifindex = IfIndex{device.device.ifindex};
            status.attachment = attachment_of(device.device);
            status.presence = device.presence;
            status.attached_at = device.device.attached_at;
        }
    }
    return out;
}

}  // namespace xdpctl::kernel
