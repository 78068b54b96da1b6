// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/live.h"
#include "kernel/map_io.h"
#include "maps/counter.h"

namespace xdpctl::kernel {

Result<std::vector<DeviceCount>> device_counts(const ruleset::Ruleset& ruleset, const LiveChains& chains) {
    std::vector<DeviceCount> out;
    for (const NamedChain& named : chains_of(ruleset)) {
        const LiveChain& chain = *chains.at(named.key());
        const auto devices = chain.devices();
        if (!devices)
            return std::unexpected(devices.error());
        const auto counts = read_counters(chain.maps().device_counters, XDPCTL_DEVICE_COUNTERS);
        if (!counts)
            return std::unexpected(counts.error());
        for (std::uint32_t slot = 0; slot < devices->size(); ++slot) {
            if (is_free((*devices)[slot]))
                continue;
            for (std::uint32_t verdict = 0; verdict < XDPCTL_VERDICTS; ++verdict) {
                for (std::uint32_t reason = 0; reason < XDPCTL_REASONS; ++reason) {
                    const Count& count = (*counts)[xdpctl_device_counter(slot, verdict, reason)];
                    if (count != Count{})
                        out.push_back({.chain_table = named.table->name,
                                       .chain = named.chain->name,
                                       .hook = named.chain->hook,
                                       .device = std::string(name_of((*devices)[slot])),
                                       .verdict = static_cast<xdpctl_verdict>(verdict),
                                       .reason = static_cast<xdpctl_reason>(reason),
                                       .count = count});
                }
            }
        }
    }
    return out;
}

}  // namespace xdpctl::kernel
