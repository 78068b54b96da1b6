// SPDX-License-Identifier: BSD-2-Clause
// Which slot a handle has.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/types.h"
#include "maps/chain.h"

namespace xdpctl::kernel {

class HandleSlots {
public:
    explicit HandleSlots(std::span<const xdpctl_rule_slot> slots) {
        for (std::uint32_t slot = 0; slot < slots.size(); ++slot) {
            const std::uint64_t handle = slots[slot].handle;
            if (handle != 0 && handle != XDPCTL_RULE_SLOT_RETIRED)
                entries_.push_back({handle, RuleSlot{slot}});
        }
        if (!std::ranges::is_sorted(entries_, {}, &Entry::handle))
            std::ranges::sort(entries_, {}, &Entry::handle);
    }

    // Fastest when asked for handles in ascending order.
    [[nodiscard]] std::optional<RuleSlot> find(std::uint64_t handle) {
        if (next_ == entries_.size() || entries_[next_].handle != handle)
            next_ = static_cast<std::size_t>(std::ranges::lower_bound(entries_, handle, {}, &Entry::handle) -
                                             entries_.begin());
        if (next_ == entries_.size() || entries_[next_].handle != handle)
            return std::nullopt;
        return entries_[next_++].slot;
    }
    [[nodiscard]] std::optional<RuleSlot> find(Handle handle) { return find(static_cast<std::uint64_t>(handle)); }

private:
    struct Entry {
        std::uint64_t handle;
        RuleSlot slot;
    };
    std::vector<Entry> entries_;  // by handle
    std::size_t next_ = 0;        // behind the one found last
};

}  // namespace xdpctl::kernel
