// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/rule_maps.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <atomic>

#include "kernel/handle_slots.h"
#include "kernel/map_info.h"
#include "kernel/pin.h"
#include "kernel/typed_array.h"

namespace xdpctl::kernel {

namespace fs = std::filesystem;

namespace {

constexpr const char* counters_name = "rule_counters";
constexpr const char* slots_name = "rule_slots";

constexpr Member counter_members[] = {
    {"packets", offsetof(xdpctl_counter, packets), sizeof(xdpctl_counter::packets)},
    {"bytes", offsetof(xdpctl_counter, bytes), sizeof(xdpctl_counter::bytes)},
};
constexpr Member slot_members[] = {
    {"handle", offsetof(xdpctl_rule_slot, handle), sizeof(xdpctl_rule_slot::handle)},
    {"packets", offsetof(xdpctl_rule_slot, packets), sizeof(xdpctl_rule_slot::packets)},
    {"bytes", offsetof(xdpctl_rule_slot, bytes), sizeof(xdpctl_rule_slot::bytes)},
};

// Programs count beside this process.
std::uint64_t read(__u64& number) {
    return std::atomic_ref(number).load(std::memory_order_relaxed);
}
void write(__u64& number, std::uint64_t value) {
    std::atomic_ref(number).store(value, std::memory_order_relaxed);
}

}  // namespace

Result<RuleMaps> RuleMaps::create(std::uint32_t slots) {
    const int cpus = libbpf_num_possible_cpus();
    if (cpus < 0)
        return fail_errno(cpus, "cannot count the CPUs");
    RuleMaps maps;
    auto counters = create_array(
        {counters_name, static_cast<std::uint32_t>(cpus), slots * sizeof(xdpctl_counter)}, [slots](btf* types) {
            return add_array(types, add_struct(types, "xdpctl_counter", sizeof(xdpctl_counter), counter_members),
                             slots);
        });
    if (!counters)
        return std::unexpected(std::move(counters).error());
    auto owners = create_array({slots_name, slots, sizeof(xdpctl_rule_slot)}, [](btf* types) {
        return add_struct(types, "xdpctl_rule_slot", sizeof(xdpctl_rule_slot), slot_members);
    });
    if (!owners)
        return std::unexpected(std::move(owners).error());
    maps.counters_ = *std::move(counters);
    maps.slots_ = *std::move(owners);
    XDPCTL_TRY(maps.map_memory(static_cast<std::uint32_t>(cpus), slots));
    return maps;
}

Result<RuleMaps> RuleMaps::open(const fs::path& directory) {
    RuleMaps maps;
    auto counters = open_pin(directory / counters_name);
    if (!counters)
        return std::unexpected(std::move(counters).error());
    auto owners = open_pin(directory / slots_name);
    if (!owners)
        return std::unexpected(std::move(owners).error());
    maps.counters_ = *std::move(counters);
    maps.slots_ = *std::move(owners);
    const auto counters_info = map_info(maps.counters_);
    if (!counters_info)
        return std::unexpected(counters_info.error());
    const auto slots_info = map_info(maps.slots_);
    if (!slots_info)
        return std::unexpected(slots_info.error());
    XDPCTL_TRY(maps.map_memory(counters_info->max_entries, slots_info->max_entries));
    return maps;
}

Status RuleMaps::pin(const fs::path& directory) const {
    XDPCTL_TRY(pin_object(counters_, directory / counters_name));
    return pin_object(slots_, directory / slots_name);
}

Status RuleMaps::map_memory(std::uint32_t cpus, std::uint32_t slots) {
    cpus_ = cpus;
    auto counters = Mapping::open(counters_.get(), std::size_t{cpus} * slots * sizeof(xdpctl_counter));
    if (!counters)
        return std::unexpected(std::move(counters).error());
    auto owners = Mapping::open(slots_.get(), slots * sizeof(xdpctl_rule_slot));
    if (!owners)
        return std::unexpected(std::move(owners).error());
    counter_memory_ = *std::move(counters);
    slot_memory_ = *std::move(owners);
    return {};
}

xdpctl_counter& RuleMaps::counter(std::size_t cpu, RuleSlot slot) const {
    return counter_memory_.as<xdpctl_counter>()[cpu * size() + std::to_underlying(slot)];
}

Count RuleMaps::counted(RuleSlot slot) const {
    Count sum;
    for (std::size_t cpu = 0; cpu < cpus_; ++cpu)
        sum += Count{read(counter(cpu, slot).packets), read(counter(cpu, slot).bytes)};
    return sum;
}

Count RuleMaps::taken_over(RuleSlot slot) const {
    xdpctl_rule_slot& owner = slots()[std::to_underlying(slot)];
    return {read(owner.packets), read(owner.bytes)};
}

void RuleMaps::zero(RuleSlot slot) const {
    for (std::size_t cpu = 0; cpu < cpus_; ++cpu) {
        write(counter(cpu, slot).packets, 0);
        write(counter(cpu, slot).bytes, 0);
    }
    write(slots()[std::to_underlying(slot)].packets, 0);
    write(slots()[std::to_underlying(slot)].bytes, 0);
}

void RuleMaps::reset() const {
    // A program that adds to a counter at the very moment may write the old number back: such a counter did not become
    // smaller, and is zeroed again.
    constexpr int attempts = 3;
    struct Before {
        RuleSlot slot;
        std::uint64_t packets;
    };
    std::vector<Before> left;
    for (std::uint32_t slot = 0; slot < size(); ++slot)
        if (count(RuleSlot{slot}) != Count{})
            left.push_back({RuleSlot{slot}, counted(RuleSlot{slot}).packets});
    for (int attempt = 0; attempt < attempts; ++attempt) {
        for (const Before& before : left)
            zero(before.slot);
        std::erase_if(left, [this](const Before& before) {
            return before.packets == 0 || counted(before.slot).packets < before.packets;
        });
    }
}

void take_over(const RuleMaps& former, const RuleMaps& rules) {
    HandleSlots slots(rules.slots());
    for (std::uint32_t number = 0; number < former.size(); ++number) {
        const auto slot = slots.find(former.slots()[number].handle);
        if (!slot)
            continue;
        const Count count = former.count(RuleSlot{number});
        xdpctl_rule_slot& owner = rules.slots()[std::to_underlying(*slot)];
        write(owner.packets, count.packets);
        write(owner.bytes, count.bytes);
    }
}

std::vector<std::optional<Count>> counts(const RuleMaps& maps, const RuleMaps* former, std::span<const Handle> rules) {
    std::vector<Count> counted;
    counted.reserve(maps.size());
    for (std::uint32_t slot = 0; slot < maps.size(); ++slot)
        counted.push_back(maps.counted(RuleSlot{slot}));
    // Looked at after the counters: a slot that is the rule's now was its own then.
    std::atomic_thread_fence(std::memory_order_acquire);
    HandleSlots slots(maps.slots());
    HandleSlots former_slots(former == nullptr ? std::span<xdpctl_rule_slot>() : former->slots());
    std::vector<std::optional<Count>> out;
    out.reserve(rules.size());
    for (const Handle rule : rules) {
        auto& count = out.emplace_back();
        const auto slot = slots.find(rule);
        if (!slot)
            continue;
        count = counted[std::to_underlying(*slot)];
        if (former == nullptr)
            *count += maps.taken_over(*slot);
        else if (const auto before = former_slots.find(rule))
            *count += former->count(*before);
    }
    return out;
}

}  // namespace xdpctl::kernel
