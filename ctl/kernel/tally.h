// SPDX-License-Identifier: BSD-2-Clause
// What observers tally beside reports (maps/tally.h): the maps, and their sums over CPUs.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/types.h"
#include "kernel/layout.h"
#include "maps/tally.h"

namespace xdpctl::kernel {

struct TallyRequest {
    bool sizes = false;         // lengths of packets by device and verdict
    bool times = false;         // of packets' stages by device: takes timed entries
    std::uint32_t talkers = 0;  // senders, of one packet in so many; 0: none

    [[nodiscard]] bool any() const { return sizes || times || talkers != 0; }
};

struct Talker {
    xdpctl_talker who{};
    xdpctl_talk what{};
};

class Tallies {
public:
    // Talkers that are remembered: of more, those seen last.
    static constexpr std::uint32_t talkers_max = 8192;

    [[nodiscard]] static Result<Tallies> create(const TallyRequest& request);

    [[nodiscard]] const TallyRequest& request() const { return request_; }
    // The maps for the observers of a chain; a chain keeps its own from ruleset to ruleset. -1 when not asked for.
    [[nodiscard]] Result<int> sizes_map(const ChainKey& chain);
    [[nodiscard]] Result<int> times_map(const ChainKey& chain);
    [[nodiscard]] int entry_times_map() const { return entry_times_.get(); }
    // Chains that are gone begin at zero when they come back.
    void keep(const std::set<ChainKey>& chains);
    // For a device that gets the slot of another one: sizes and times begin at zero.
    [[nodiscard]] Status forget(const ChainKey& chain, DeviceSlot slot) const;
    [[nodiscard]] int talkers_map() const { return talkers_.get(); }

    // By xdpctl_sizes_key(); empty for a chain that has none.
    [[nodiscard]] Result<std::vector<xdpctl_sizes>> sizes(const ChainKey& chain) const;
    // By xdpctl_times_key(); likewise.
    [[nodiscard]] Result<std::vector<xdpctl_stage_times>> times(const ChainKey& chain) const;
    // By address and port.
    [[nodiscard]] Result<std::vector<Talker>> talkers() const;

private:
    TallyRequest request_;
    std::map<ChainKey, Fd> sizes_;
    std::map<ChainKey, Fd> times_;
    Fd entry_times_;
    Fd talkers_;
};

}  // namespace xdpctl::kernel
