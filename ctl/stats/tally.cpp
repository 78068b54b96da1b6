// SPDX-License-Identifier: BSD-2-Clause
#include "stats/tally.h"

#include <iterator>

namespace xdpctl::stats {

Result<std::vector<PacketSizes>> packet_sizes(const kernel::Observer& observer) {
    std::vector<PacketSizes> out;
    for (const auto& [key, chain] : observer.chains()) {
        const auto tallied = observer.tallies().sizes(key);
        if (!tallied)
            return std::unexpected(tallied.error());
        for (std::uint32_t slot = 0; slot < chain.devices.size() && !tallied->empty(); ++slot) {
            for (const xdpctl_verdict verdict : {XDPCTL_ACCEPT, XDPCTL_DROP}) {
                const xdpctl_sizes& sizes = (*tallied)[xdpctl_sizes_key(slot, verdict)];
                Histogram bytes{{std::begin(sizes.packets), std::end(sizes.packets)}, sizes.bytes};
                if (bytes.count() > 0)
                    out.push_back({chain.table->name, chain.chain->name, key.hook, chain.devices[slot], verdict,
                                   std::move(bytes)});
            }
        }
    }
    return out;
}

Result<std::vector<StageTimes>> stage_times(const kernel::Observer& observer) {
    std::vector<StageTimes> out;
    for (const auto& [key, chain] : observer.chains()) {
        const auto tallied = observer.tallies().times(key);
        if (!tallied)
            return std::unexpected(tallied.error());
        for (std::uint32_t slot = 0; slot < chain.devices.size() && !tallied->empty(); ++slot) {
            for (const xdpctl_timed_stage stage : {XDPCTL_TIMED_PARSE, XDPCTL_TIMED_JUDGE}) {
                const xdpctl_stage_times& times = (*tallied)[xdpctl_times_key(slot, stage)];
                Histogram nanoseconds{{std::begin(times.packets), std::end(times.packets)}, times.nanoseconds};
                if (nanoseconds.count() > 0)
                    out.push_back({chain.table->name, chain.chain->name, key.hook, chain.devices[slot], stage,
                                   std::move(nanoseconds)});
            }
        }
    }
    return out;
}

std::string_view name(xdpctl_timed_stage stage) {
    return stage == XDPCTL_TIMED_PARSE ? "parse" : "judge";
}

}  // namespace xdpctl::stats
