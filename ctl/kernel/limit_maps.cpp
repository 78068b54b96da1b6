// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/limit_maps.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <optional>
#include <span>
#include <utility>

#include "kernel/constants.h"
#include "kernel/load.h"
#include "kernel/map_io.h"
#include "kernel/object.h"
#include "kernel/pin.h"
#include "limit.skel.h"

namespace xdpctl::kernel {

namespace {

Result<Fd> duplicated(int fd) {
    Fd copy(fcntl(fd, F_DUPFD_CLOEXEC, 3));
    if (!copy.valid())
        return fail_errno(errno, "cannot keep the map of limits");
    return copy;
}

void for_each_limited(const ruleset::Ruleset& ruleset, auto&& visit) {
    for (const ruleset::Table& table : ruleset.tables)
        for (const ruleset::Chain& chain : table.chains)
            for (const ruleset::Rule& rule : chain.rules)
                if (rule.limit() != nullptr)
                    visit(rule);
}

// Gives slots to rules.
class Slots {
public:
    explicit Slots(std::span<const xdpctl_limit> buckets) : buckets_(buckets), is_taken_(buckets.size()) {
        for (std::uint32_t slot = 0; slot < buckets.size(); ++slot)
            if (buckets[slot].handle != 0)
                by_handle_.emplace(buckets[slot].handle, slot);
    }

    // That it has.
    std::optional<LimitSlot> find(Handle rule) {
        const auto found = by_handle_.find(std::to_underlying(rule));
        return found == by_handle_.end() ? std::nullopt : std::optional(take(found->second));
    }

    // One that nobody ever had, else one of a rule that is gone. The rule's handle may be there, from a commit that
    // came to nothing: then it is that slot, so that every handle is there once.
    LimitSlot give(Handle rule) {
        if (const auto own = find(rule))
            return *own;
        for (; next_unused_ < buckets_.size(); ++next_unused_)
            if (buckets_[next_unused_].handle == 0 && !is_taken_[next_unused_])
                return take(next_unused_);
        while (is_taken_[next_])
            ++next_;
        return take(next_);
    }

    [[nodiscard]] bool was_used(LimitSlot slot) const { return buckets_[std::to_underlying(slot)].handle != 0; }

private:
    LimitSlot take(std::uint32_t slot) {
        is_taken_[slot] = true;
        return LimitSlot{slot};
    }

    std::span<const xdpctl_limit> buckets_;
    std::vector<bool> is_taken_;
    std::unordered_map<std::uint64_t, std::uint32_t> by_handle_;
    std::uint32_t next_unused_ = 0, next_ = 0;
};

}  // namespace

Result<LimitMap> LimitMap::create(std::uint32_t slots) {
    auto object = open_object<limit>("limit");
    if (!object)
        return std::unexpected(std::move(object).error());
    bpf_program* function = nullptr;
    bpf_object__for_each_program(function, object->get()) bpf_program__set_autoload(function, false);
    bpf_map* map = bpf_object__find_map_by_name(object->get(), "limits");
    if (const int error = bpf_map__set_max_entries(map, slots); error != 0)
        return fail_errno(error, "cannot size the map of limits");
    XDPCTL_TRY(load_object(object->get(), "cannot create the map of limits"));
    auto kept = duplicated(bpf_map__fd(map));
    if (!kept)
        return std::unexpected(std::move(kept).error());
    return LimitMap(*std::move(kept));
}

Result<LimitMap> LimitMap::open(const std::filesystem::path& pin) {
    auto map = open_pin(pin);
    if (!map)
        return std::unexpected(std::move(map).error());
    return LimitMap(*std::move(map));
}

Status LimitMap::pin(const std::filesystem::path& path) const {
    return pin_object(map_, path);
}

Result<LimitMap> LimitMap::duplicate() const {
    auto copy = duplicated(map_.get());
    if (!copy)
        return std::unexpected(std::move(copy).error());
    return LimitMap(*std::move(copy));
}

Result<std::vector<xdpctl_limit>> LimitMap::read() const {
    return read_array<xdpctl_limit>(map_, XDPCTL_LIMIT_SLOTS);
}

Status LimitMap::write(LimitSlot slot, const xdpctl_limit& bucket) const {
    const std::uint32_t key = std::to_underlying(slot);
    if (const int error = bpf_map_update_elem(map_.get(), &key, &bucket, BPF_ANY); error != 0)
        return fail_errno(error, "cannot write the bucket of a limit");
    return {};
}

xdpctl_limit bucket_of(const ruleset::Limit& limit, Handle rule) {
    const bool of_packets = limit.unit == ruleset::Limit::Unit::Packets;
    const auto period = static_cast<std::uint64_t>(std::chrono::nanoseconds(limit.per).count());
    return {.lock = {},
            .is_over = limit.is_over ? 1U : 0U,
            .empty_since = XDPCTL_LIMIT_FULL,
            .capacity = limit.capacity(),
            .period = of_packets ? limit.cost(0) : period,
            .rate = of_packets ? 0 : limit.rate,
            .bytes_max = limit.bytes_max(),
            .reserved = 0,
            .handle = std::to_underlying(rule),
            .reserved2 = 0};
}

xdpctl_limit lasting_bucket_of(const ruleset::Limit& limit) {
    xdpctl_limit bucket = bucket_of(limit, Handle{});
    bucket.period = 0;
    return bucket;
}

bool has_limits(const ruleset::Ruleset& ruleset) {
    bool found = false;
    for_each_limited(ruleset, [&](const ruleset::Rule&) { found = true; });
    return found;
}

LimitSlot LimitPlan::slot(const ruleset::Rule& rule) const {
    return rule.limit() == nullptr ? LimitSlot{} : slots.at(rule.handle);
}

Result<LimitPlan> plan_limits(const LimitMap* map, const ruleset::Ruleset& running, const ruleset::Ruleset& next) {
    LimitPlan plan;
    std::vector<const ruleset::Rule*> limited;
    for_each_limited(next, [&](const ruleset::Rule& rule) { limited.push_back(&rule); });
    if (limited.empty())
        return plan;
    if (limited.size() > XDPCTL_LIMITS_MAX)
        return fail(ErrorKind::Limit, fmt::format("{} rules have a limit", limited.size()),
                    fmt::format("at most {} can", XDPCTL_LIMITS_MAX), "let rules that share a rate jump to one chain");
    std::vector<xdpctl_limit> buckets(XDPCTL_LIMIT_SLOTS);
    if (map != nullptr) {
        auto read = map->read();
        if (!read)
            return std::unexpected(std::move(read).error());
        buckets = *std::move(read);
    }
    Slots slots(buckets);
    std::unordered_map<Handle, LimitSlot> of_running;  // these stay as they are: the commit may come to nothing
    for_each_limited(running, [&](const ruleset::Rule& rule) {
        if (const auto slot = slots.find(rule.handle))
            of_running.emplace(rule.handle, *slot);
    });
    for (const ruleset::Rule* rule : limited) {
        if (const auto kept = of_running.find(rule->handle); kept != of_running.end()) {
            plan.slots.insert(*kept);
            continue;
        }
        const LimitSlot slot = slots.give(rule->handle);
        plan.slots.emplace(rule->handle, slot);
        plan.taken.push_back(rule);
        plan.reuses_buckets = plan.reuses_buckets || slots.was_used(slot);
    }
    return plan;
}

Status write_limits(const LimitMap& map, const LimitPlan& plan) {
    for (const ruleset::Rule* rule : plan.taken)
        XDPCTL_TRY(map.write(plan.slot(*rule), bucket_of(*rule->limit(), rule->handle)));
    return {};
}

Taking taking_supported() {
    return compare_and_exchange_supported() ? Taking::AtOnce : Taking::UnderLock;
}

Status link_limits(const compile::Program& program, const LimitMap* map, std::vector<bpf_insn>& instructions,
                   Taking taking) {
    if (program.limits.empty())
        return {};
    const auto object = open_object<limit>("limit");
    if (!object)
        return std::unexpected(object.error());
    const bpf_program* function = bpf_object__find_program_by_name(
        object->get(), taking == Taking::AtOnce ? "limit_holds" : "limit_holds_by_lock");
    const std::size_t first = instructions.size();
    instructions.insert(instructions.end(), bpf_program__insns(function),
                        bpf_program__insns(function) + bpf_program__insn_cnt(function));
    fill_constants(std::span(instructions).subspan(first), XDPCTL_LIMIT_CONSTANTS,
                   [&](const WideImmediate& constant, std::uint32_t) { constant.put_map(map->fd()); });
    for (const std::uint32_t call : program.limits)
        instructions[call].imm = static_cast<std::int32_t>(first) - static_cast<std::int32_t>(call) - 1;
    return {};
}

}  // namespace xdpctl::kernel
