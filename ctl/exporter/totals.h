// SPDX-License-Identifier: BSD-2-Clause
// Counters that only ever grow, read from counters that start again: when they are reset, when an interface is detached
// and attached, when a rule is deleted.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>

#include "base/types.h"

namespace xdpctl::exporter {

// One of them.
struct Total {
    Count last;   // what was read last
    Count total;  // what was counted since the first reading, which counts as a whole

    // Takes a reading, and returns what it adds. A reading below the last one started again from zero.
    Count add(const Count& reading);
};

// Many, by what they count. What a round does not read is taken as gone: when it comes back, it starts from zero.
template <typename Key>
class Totals {
public:
    Count add(const Key& key, const Count& reading) {
        Entry& entry = entries_[key];
        entry.read = true;
        return entry.total.add(reading);
    }

    // Ends a round. Of what was not read in it, totals are kept for as long as there are not more than `max` in all.
    void end_round(std::size_t max) {
        for (auto& [key, entry] : entries_)
            if (!entry.read)
                entry.total.last = {};
        if (entries_.size() > max)
            std::erase_if(entries_, [](const auto& item) { return !item.second.read; });
        for (auto& [key, entry] : entries_)
            entry.read = false;
    }

    template <typename Action>
    void for_each(const Action& action) const {
        for (const auto& [key, entry] : entries_)
            action(key, entry.total.total);
    }

private:
    struct Entry {
        Total total;
        bool read = false;
    };
    std::map<Key, Entry> entries_;
};

}  // namespace xdpctl::exporter
