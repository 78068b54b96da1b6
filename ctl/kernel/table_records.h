// SPDX-License-Identifier: BSD-2-Clause
// A rule's records in tables that packets read. A record is made to match nothing by one store, so that every packet
// finds the rule or does not.
#pragma once

#include <functional>

#include "base/error.h"
#include "base/fd.h"
#include "base/types.h"
#include "kernel/mapping.h"
#include "maps/generation.h"

namespace xdpctl::kernel {

class TableRecords {
public:
    // Of the tables that the program walks.
    [[nodiscard]] static Result<TableRecords> open(const Fd& program, const xdpctl_overlay& overlay);

    // Whether the tables without these records judge as if the rule had never been there.
    [[nodiscard]] bool can_lack(RuleSlot rule) const;
    void erase(RuleSlot rule) const;

private:
    TableRecords(Mapping memory, const xdpctl_overlay& overlay) : memory_(std::move(memory)), overlay_(overlay) {}

    // Calls `visit` with the action and the ports of each record of the rule.
    void for_each(RuleSlot rule, const std::function<void(__u32, __u64&)>& visit) const;

    Mapping memory_;
    xdpctl_overlay overlay_;
};

}  // namespace xdpctl::kernel
