// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/state.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <ranges>

#include "kernel/abandoned.h"
#include "kernel/bpffs.h"
#include "kernel/commit.h"
#include "kernel/count_reader.h"
#include "kernel/live.h"
#include "kernel/lock.h"
#include "kernel/map_io.h"
#include "kernel/rule_slots.h"
#include "kernel/settle.h"
#include "kernel/survey.h"
#include "maps/counter.h"

namespace xdpctl::kernel {

namespace {

void for_each_rule(auto& ruleset, const auto& action) {
    for (auto& table : ruleset.tables) {
        for (auto& chain : table.chains) {
            for (auto& rule : chain.rules)
                action(rule);
        }
    }
}

// A rule that keeps its handle keeps its counter, start value included, whatever the new text says.
void keep_start_values(const ruleset::Ruleset& running, ruleset::Ruleset& next) {
    std::map<Handle, Count> starts;  // few have another than zero
    for_each_rule(running, [&](const ruleset::Rule& rule) {
        if (const ruleset::Counter* counter = rule.counter(); counter != nullptr && counter->start != Count{})
            starts.emplace(rule.handle, counter->start);
    });
    for_each_rule(next, [&](ruleset::Rule& rule) {
        if (rule.handle > running.last_handle)
            return;
        const auto found = starts.find(rule.handle);
        rule.start_counter(found == starts.end() ? Count{} : found->second);
    });
}

// Whether a counter had one.
bool drop_start_values(ruleset::Ruleset& ruleset) {
    bool had = false;
    for_each_rule(ruleset, [&](ruleset::Rule& rule) {
        const ruleset::Counter* counter = rule.counter();
        had = had || (counter != nullptr && counter->start != Count{});
        rule.start_counter({});
    });
    return had;
}

}  // namespace

struct State::Impl {
    Live live;
    std::optional<WriterLock> lock;

    Impl(Live opened, std::optional<WriterLock> held) : live(std::move(opened)), lock(std::move(held)) {}
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() {
        // Succeeds only when nothing is pinned any more, and only the holder of the lock may.
        if (lock)
            ::rmdir(live.layout.directory().c_str());
    }
};

State::State(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
State::State(State&&) noexcept = default;
State& State::operator=(State&&) noexcept = default;
State::~State() = default;

Result<State> State::open() {
    Warnings none;
    const auto directory = state_directory(false, none);
    if (!directory)
        return std::unexpected(directory.error());
    auto live = open_live(Layout(*directory));
    if (!live)
        return std::unexpected(std::move(live).error());
    return State(std::make_unique<Impl>(std::move(*live), std::nullopt));
}

Result<State> State::open_for_writing(std::chrono::milliseconds timeout, Warnings& warnings) {
    const auto directory = state_directory(true, warnings);
    if (!directory)
        return std::unexpected(directory.error());
    auto lock = WriterLock::acquire(*directory, timeout);
    if (!lock)
        return std::unexpected(std::move(lock).error());
    auto live = recover(Layout(*directory), warnings);
    if (!live)
        return std::unexpected(std::move(live).error());
    remove_abandoned_states(*directory);
    return State(std::make_unique<Impl>(std::move(*live), std::move(*lock)));
}

const ruleset::Ruleset& State::ruleset() const {
    return impl_->live.generation.ruleset;
}

std::uint64_t State::generation() const {
    return impl_->live.generation.number;
}

Status State::commit(ruleset::Ruleset next, const CommitOptions& options, Warnings& warnings) {
    keep_start_values(ruleset(), next);
    return kernel::commit(impl_->live, std::move(next), options, warnings);
}

Result<std::vector<DeviceStatus>> State::devices() const {
    return device_statuses(impl_->live.layout, impl_->live.generation.ruleset, impl_->live.chains);
}

Result<std::vector<DeviceCount>> State::device_counts() const {
    return kernel::device_counts(impl_->live.generation.ruleset, impl_->live.chains);
}

Result<std::map<Handle, Count>> State::rule_counts() const {
    const Live& live = impl_->live;
    std::map<Handle, Count> out;
    for (const NamedChain& named : chains_of(live.generation.ruleset)) {
        const LiveChain& chain = *live.chains.at(named.key());
        const SlottedRules rules(named);
        std::vector<Handle> handles;
        std::ranges::transform(rules, std::back_inserter(handles), &ruleset::Rule::handle);
        const auto counted = counts(chain.rules(), chain.former_rules(), handles);
        auto rule = rules.begin();
        for (const std::optional<Count>& count : counted) {
            if (rule->counter() != nullptr && count)
                out.try_emplace(out.end(), rule->handle)->second += *count;
            ++rule;
        }
    }
    // A rule of a regular chain counts in every base chain that leads to it, and starts once.
    auto at = out.begin();  // handles mostly ascend
    for_each_rule(live.generation.ruleset, [&](const ruleset::Rule& rule) {
        const ruleset::Counter* counter = rule.counter();
        if (counter == nullptr)
            return;
        at = out.try_emplace(at, rule.handle);
        at++->second += counter->start;
    });
    return out;
}

Status State::reset_counts(Warnings& warnings) {
    ruleset::Ruleset next = ruleset();
    if (drop_start_values(next))
        XDPCTL_TRY(kernel::commit(impl_->live, std::move(next), {}, warnings));
    for (const auto& chain : impl_->live.chains | std::views::values) {
        chain->rules().reset();
        if (chain->former_rules() != nullptr)
            chain->former_rules()->reset();
        XDPCTL_TRY(reset_counters(chain->maps().device_counters, XDPCTL_DEVICE_COUNTERS));
    }
    return {};
}

}  // namespace xdpctl::kernel
