// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/table_records.h"

#include <bpf/bpf.h>

#include <array>
#include <atomic>
#include <cstring>
#include <optional>
#include <utility>

#include "maps/tuple_tree.h"

namespace xdpctl::kernel {

namespace {

// The size of the map's only value, when it is the one of that name.
std::optional<std::uint32_t> size_of(const Fd& map, const char* name) {
    bpf_map_info info{};
    std::uint32_t length = sizeof(info);
    if (bpf_obj_get_info_by_fd(map.get(), &info, &length) != 0 || std::strcmp(info.name, name) != 0)
        return std::nullopt;
    return info.value_size;
}

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
    std::array<std::uint32_t, 64> ids{};
    bpf_prog_info info{};
    info.nr_map_ids = ids.size();
    info.map_ids = reinterpret_cast<std::uintptr_t>(ids.data());
    std::uint32_t length = sizeof(info);
    if (const int error = bpf_obj_get_info_by_fd(program.get(), &info, &length); error != 0)
        return fail_errno(error, what);
    for (std::size_t i = 0; i < std::min<std::size_t>(info.nr_map_ids, ids.size()); ++i) {
        const Fd map(bpf_map_get_fd_by_id(ids[i]));
        const auto size = map.valid() ? size_of(map, "tables") : std::nullopt;
        if (!size)
            continue;
        auto memory = Mapping::open(map.get(), *size);
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
