// SPDX-License-Identifier: BSD-2-Clause
// Stages of the parts of a classifier. A packet that is on its way may still call a part of the generation before, so a
// stage gets another program only after a grace period. Waiting for one takes longer than all else that a rule more
// costs: stages are used in turn, and waited for when none is left.
#include <algorithm>

#include "kernel/datapath.h"
#include "kernel/program.h"
#include "maps/stage.h"

namespace xdpctl::kernel {

Result<std::uint32_t> Datapath::place_part(const Fd& part, std::span<const std::uint32_t> kept) const {
    const auto id = program_id(part.get());
    if (!id)
        return std::unexpected(id.error());
    std::uint32_t free = 0;
    for (std::uint32_t stage = XDPCTL_STAGE_PART_FIRST; stage <= XDPCTL_STAGE_PART_LAST; ++stage) {
        const auto holds = program_at(stage);
        if (!holds)
            return std::unexpected(holds.error());
        if (*holds == *id)
            return stage;
        if (*holds == 0 && free == 0)
            free = stage;
    }
    if (free == 0) {
        XDPCTL_TRY(clear_other_parts(kept));
        return place_part(part, kept);
    }
    XDPCTL_TRY(put(free, part));
    return free;
}

Status Datapath::clear_other_parts(std::span<const std::uint32_t> kept) const {
    bool quiet = false;  // no program runs any more that ran before
    for (std::uint32_t stage = XDPCTL_STAGE_PART_FIRST; stage <= XDPCTL_STAGE_PART_LAST; ++stage) {
        const auto holds = program_at(stage);
        if (!holds)
            return std::unexpected(holds.error());
        if (*holds == 0 || std::ranges::find(kept, *holds) != kept.end())
            continue;
        if (!quiet)
            XDPCTL_TRY(wait_for_running_programs());
        quiet = true;
        XDPCTL_TRY(clear(stage));
    }
    return {};
}

}  // namespace xdpctl::kernel
