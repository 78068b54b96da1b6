// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/table_records.h"

#include <bpf/bpf.h>

#include <atomic>
#include <cstdint>
#include <string_view>
#include <utility>

#include "kernel/map_info.h"
#include "kernel/program.h"
#include "maps/tuple_tree.h"

namespace xdpctl::kernel {

namespace {

template <typename Record, typename Visit>
void visit_records(std::span<std::byte> tables, const xdpctl_records& place, RuleSlot rule, const Visit& visit) {
    // Jumps have records too, which belong to no slot.
    constexpr std::uint32_t effects = XDPCTL_TUPLE_COUNT | XDPCTL_TUPLE_FINAL | XDPCTL_TUPLE_LOG | XDPCTL_TUPLE_LIMIT;
    auto* records = reinterpret_cast<Record*>(tables.data() + place.offset);
    for (Record& record : std::span(records, place.count))
        if ((record.action & XDPCTL_TUPLE_SLOT) == std::to_underlying(rule) && (record.action & effects) != 0)
            visit(record.action, record.ports);
}

}  // namespace

Result<TableRecords> TableRecords::open(const Fd& program, const xdpctl_overlay& overlay) {
    constexpr auto what = "cannot open the tables of a classifier";
    auto ids = map_ids(program.get());
    if (!ids)
        return std::unexpected(std::move(ids).error().within(what));
    for (const std::uint32_t id : *ids) {
        const Fd map(bpf_map_get_fd_by_id(id));
        const auto info = map_info(map);
        if (!info || std::string_view(info->name) != "tables")
            continue;
        auto memory = Mapping::open(map.get(), info->value_size);
        if (!memory)
            return std::unexpected(std::move(memory).error());
        return TableRecords(*std::move(memory), overlay);
    }
    return fail(ErrorKind::NotFound, what, "its program has no such map");
}

void TableRecords::for_each(RuleSlot rule, const std::function<void(__u32, __u64&)>& visit) const {
    visit_records<xdpctl_tuple_record4>(memory_.bytes(), overlay_.records4, rule, visit);
    visit_records<xdpctl_tuple_record6>(memory_.bytes(), overlay_.records6, rule, visit);
}

bool TableRecords::can_lack(RuleSlot rule) const {
    bool hides = false;
    for_each(rule, [&](__u32 action, __u64&) { hides = hides || (action & XDPCTL_TUPLE_HIDES) != 0; });
    return !hides;
}

void TableRecords::erase(RuleSlot rule) const {
    for_each(rule, [](__u32, __u64& ports) {
        std::atomic_ref(ports).store(XDPCTL_TUPLE_NO_PORTS, std::memory_order_relaxed);
    });
}

}  // namespace xdpctl::kernel
