// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/tally.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

#include "kernel/map_io.h"

namespace xdpctl::kernel {

namespace {

Result<Fd> create_map(bpf_map_type type, const char* name, std::size_t key_size, std::size_t value_size,
                      std::uint32_t elements) {
    Fd map(bpf_map_create(type, name, static_cast<std::uint32_t>(key_size), static_cast<std::uint32_t>(value_size),
                          elements, nullptr));
    if (!map.valid())
        return fail_errno(errno, fmt::format("cannot make map {} of {} elements", name, elements));
    return map;
}

Result<std::size_t> possible_cpus() {
    const int cpus = libbpf_num_possible_cpus();
    if (cpus < 0)
        return fail_errno(cpus, "cannot count the CPUs");
    return static_cast<std::size_t>(cpus);
}

// Makes the map when it is asked for first.
Result<int> map_of(Fd& map, const char* name, std::size_t value_size, std::uint32_t elements) {
    if (!map.valid()) {
        auto made = create_map(BPF_MAP_TYPE_PERCPU_ARRAY, name, sizeof(std::uint32_t), value_size, elements);
        if (!made)
            return std::unexpected(std::move(made).error());
        map = std::move(*made);
    }
    return map.get();
}

// On all CPUs.
template <typename Value>
Status zero(const Fd& map, std::uint32_t key) {
    const auto cpus = possible_cpus();
    if (!cpus)
        return std::unexpected(cpus.error());
    const std::vector<Value> zeros(*cpus);
    if (bpf_map_update_elem(map.get(), &key, zeros.data(), BPF_ANY) != 0)
        return fail_errno(errno, "cannot reset a tally");
    return {};
}

template <typename Value, typename AddSum>
Result<std::vector<Value>> sums_over_cpus(const Fd& map, std::uint32_t size, AddSum add_sum) {
    const auto cpus = possible_cpus();
    if (!cpus)
        return std::unexpected(cpus.error());
    std::vector<Value> values(size * *cpus);
    XDPCTL_TRY(read_elements(map, size, sizeof(Value) * *cpus, values.data()));
    std::vector<Value> sums(size);
    for (std::size_t i = 0; i < values.size(); ++i) {
        Value& sum = sums[i / *cpus];
        add_sum(sum, values[i]);
        for (std::size_t bucket = 0; bucket < std::size(sum.packets); ++bucket)
            sum.packets[bucket] += values[i].packets[bucket];
    }
    return sums;
}

}  // namespace

Result<Tallies> Tallies::create(const TallyRequest& request) {
    Tallies out;
    out.request_ = request;
    if (request.talkers != 0) {
        auto map = create_map(BPF_MAP_TYPE_LRU_PERCPU_HASH, "talkers", sizeof(xdpctl_talker), sizeof(xdpctl_talk),
                              talkers_max);
        if (!map)
            return std::unexpected(std::move(map).error());
        out.talkers_ = std::move(*map);
    }
    if (request.times) {
        auto map =
            create_map(BPF_MAP_TYPE_PERCPU_ARRAY, "entry_times", sizeof(std::uint32_t), sizeof(xdpctl_entry_times), 1);
        if (!map)
            return std::unexpected(std::move(map).error());
        out.entry_times_ = std::move(*map);
    }
    return out;
}

Result<int> Tallies::sizes_map(const ChainKey& chain) {
    return request_.sizes ? map_of(sizes_[chain], "packet_sizes", sizeof(xdpctl_sizes), XDPCTL_SIZES) : -1;
}

Result<int> Tallies::times_map(const ChainKey& chain) {
    return request_.times ? map_of(times_[chain], "stage_times", sizeof(xdpctl_stage_times), XDPCTL_STAGE_TIMES) : -1;
}

void Tallies::keep(const std::set<ChainKey>& chains) {
    const auto is_gone = [&](const auto& item) { return !chains.contains(item.first); };
    std::erase_if(sizes_, is_gone);
    std::erase_if(times_, is_gone);
}

Status Tallies::forget(const ChainKey& chain, DeviceSlot slot) const {
    const std::uint32_t device = std::to_underlying(slot);
    if (const auto map = sizes_.find(chain); map != sizes_.end())
        for (std::uint32_t verdict = 0; verdict < XDPCTL_VERDICTS; ++verdict)
            XDPCTL_TRY(zero<xdpctl_sizes>(map->second, xdpctl_sizes_key(device, verdict)));
    if (const auto map = times_.find(chain); map != times_.end())
        for (std::uint32_t stage = 0; stage < XDPCTL_TIMED_STAGES; ++stage)
            XDPCTL_TRY(zero<xdpctl_stage_times>(map->second, xdpctl_times_key(device, stage)));
    return {};
}

Result<std::vector<xdpctl_sizes>> Tallies::sizes(const ChainKey& chain) const {
    const auto map = sizes_.find(chain);
    if (map == sizes_.end())
        return std::vector<xdpctl_sizes>();
    return sums_over_cpus<xdpctl_sizes>(map->second, XDPCTL_SIZES,
                                        [](xdpctl_sizes& sum, const xdpctl_sizes& value) { sum.bytes += value.bytes; });
}

Result<std::vector<xdpctl_stage_times>> Tallies::times(const ChainKey& chain) const {
    const auto map = times_.find(chain);
    if (map == times_.end())
        return std::vector<xdpctl_stage_times>();
    return sums_over_cpus<xdpctl_stage_times>(
        map->second, XDPCTL_STAGE_TIMES,
        [](xdpctl_stage_times& sum, const xdpctl_stage_times& value) { sum.nanoseconds += value.nanoseconds; });
}

Result<std::vector<Talker>> Tallies::talkers() const {
    std::vector<Talker> out;
    if (!talkers_.valid())
        return out;
    const auto cpus = possible_cpus();
    if (!cpus)
        return std::unexpected(cpus.error());
    std::vector<xdpctl_talk> values(*cpus);
    xdpctl_talker key{};
    const xdpctl_talker* previous = nullptr;
    // Behind an element that was dropped in between the kernel begins again: no more are read than there can be.
    for (std::uint32_t i = 0; i < talkers_max && bpf_map_get_next_key(talkers_.get(), previous, &key) == 0; ++i) {
        previous = &key;
        if (bpf_map_lookup_elem(talkers_.get(), &key, values.data()) != 0)
            continue;
        Talker& talker = out.emplace_back(key, xdpctl_talk{});
        for (const xdpctl_talk& value : values) {
            for (std::size_t verdict = 0; verdict < XDPCTL_VERDICTS; ++verdict)
                talker.what.packets[verdict] += value.packets[verdict];
            talker.what.bytes += value.bytes;
        }
    }
    const auto order = [](const Talker& a, const Talker& b) { return std::memcmp(&a.who, &b.who, sizeof(a.who)) < 0; };
    const auto same = [](const Talker& a, const Talker& b) { return std::memcmp(&a.who, &b.who, sizeof(a.who)) == 0; };
    std::ranges::sort(out, order);
    const auto twice = std::ranges::unique(out, same);
    out.erase(twice.begin(), twice.end());
    return out;
}

}  // namespace xdpctl::kernel
