// SPDX-License-Identifier: BSD-2-Clause
// monitor: what is logged and dropped, and what changes, as it happens.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "cli/observe.h"

namespace xdpctl::cli {

namespace {

using observe::Report;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds losses_interval(1);
constexpr std::uint32_t usual_rate = 100;

struct Options {
    ObserveOptions observe;
    bool logs = false;
    bool changes = false;
    std::uint32_t rate = usual_rate;
    std::uint32_t snaplen = 0;
};

observe::Time now() {
    return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
}

std::string clock_text(observe::Time time) {
    return observe::local_time(time).substr(11);
}

// From here on nothing is missed.
struct Start {
    observe::Time time;
    std::uint64_t generation;
};

std::string text(const Start& start) {
    return fmt::format("{} looking on, ruleset {} runs\n", clock_text(start.time), start.generation);
}

nlohmann::json json(const Start& start) {
    return {{"event", "start"}, {"time", observe::seconds(start.time)}, {"generation", start.generation}};
}

// Another ruleset runs.
struct RulesetChange {
    observe::Time time;
    std::uint64_t generation;
    std::uint64_t added;
    std::uint64_t removed;
};

std::string text(const RulesetChange& change) {
    return fmt::format("{} ruleset {} runs: {} rules added, {} removed\n", clock_text(change.time), change.generation,
                       change.added, change.removed);
}

nlohmann::json json(const RulesetChange& change) {
    return {{"event", "ruleset"},
            {"time", observe::seconds(change.time)},
            {"generation", change.generation},
            {"added", change.added},
            {"removed", change.removed}};
}

// A device was attached or detached.
struct DeviceChange {
    observe::Time time;
    std::string interface;
    std::string chain;
    bool attached;
};

std::string text(const DeviceChange& change) {
    return fmt::format("{} {} {} chain {}\n", clock_text(change.time), change.interface,
                       change.attached ? "attached to" : "detached from", change.chain);
}

nlohmann::json json(const DeviceChange& change) {
    return {{"event", change.attached ? "attach" : "detach"},
            {"time", observe::seconds(change.time)},
            {"interface", change.interface},
            {"chain", change.chain}};
}

// What was not shown since the last time it was said.
struct Losses {
    observe::Time time;
    std::uint64_t lost;
    std::uint64_t limited;
};

std::string text(const Losses& losses) {
    std::string out = clock_text(losses.time);
    if (losses.lost != 0)
        out += fmt::format(" {} lost: the reader is too slow", losses.lost);
    if (losses.limited != 0)
        out += fmt::format("{} {} more over the rate", losses.lost != 0 ? "," : "", losses.limited);
    return out + '\n';
}

nlohmann::json json(const Losses& losses) {
    return {
        {"event", "lost"}, {"time", observe::seconds(losses.time)}, {"lost", losses.lost}, {"limited", losses.limited}};
}

struct End {
    std::uint64_t shown;
    xdpctl_observed counts;
};

std::string text(const End& end) {
    return fmt::format("{} shown, {} packets over the rate, {} left out by the sample, {} lost\n", end.shown,
                       end.counts.limited, end.counts.unsampled, end.counts.lost);
}

nlohmann::json json(const End& end) {
    return {{"event", "end"},
            {"shown", end.shown},
            {"limited", end.counts.limited},
            {"unsampled", end.counts.unsampled},
            {"lost", end.counts.lost}};
}

class Monitor {
public:
    Monitor(Session& session, const Options& options, Observation observation)
        : output_(session.output), options_(options), observation_(std::move(observation)) {}

    Status run() {
        const Observation::Handlers handlers{
            .packet = [this](const Report& report, const xdpctl_event& event) { show(report, event); },
            .tick = [this] { return tick(); }};
        output_.confirm(Start{now(), observation_.observer().generation().number});
        output_.flush();
        XDPCTL_TRY(observation_.run(handlers, [this] { return is_done(); }));
        const auto counts = observation_.observer().counts();
        if (!counts)
            return std::unexpected(counts.error());
        output_.confirm(End{shown_, *counts});
        return {};
    }

private:
    [[nodiscard]] bool is_done() const {
        return !output_.open() || (options_.observe.count != 0 && shown_ >= options_.observe.count);
    }

    // Logs in their order, then the verdict.
    void show(const Report& report, const xdpctl_event& event) {
        for (std::uint32_t i = 0; i < XDPCTL_LOGS_MAX; ++i) {
            if ((event.reported & XDPCTL_REPORT_LOG << i) == 0)
                continue;
            Report logged = report;
            logged.logged = observation_.observer().rule(event.chain, event.packet.log_rules[i]);
            if (logged.logged != nullptr && logged.logged->log() != nullptr)
                show(logged);
        }
        if ((event.reported & XDPCTL_REPORT_VERDICT) != 0)
            show(report);
    }

    void show(const Report& report) {
        if (is_done())
            return;
        output_.show(report);
        ++shown_;
    }

    Result<bool> tick() {
        auto changed = observation_.observer().refresh();
        if (!changed)
            return std::unexpected(std::move(changed).error());
        if (*changed && options_.changes)
            show_changes();
        if (Clock::now() >= next_losses_) {
            next_losses_ = Clock::now() + losses_interval;
            if (Status said = show_losses(); !said)
                return std::unexpected(std::move(said).error());
        }
        output_.flush();
        return output_.open();
    }

    static std::set<Handle> handles(const std::map<kernel::ChainKey, kernel::ObservedChain>& chains) {
        std::set<Handle> out;
        for (const auto& [key, chain] : chains)
            for (const ruleset::Rule* rule : chain.rules)
                if (rule != nullptr)
                    out.insert(rule->handle);
        return out;
    }

    // Devices with the names of their chains.
    static std::set<std::pair<std::string, std::string>> devices(
        const std::map<kernel::ChainKey, kernel::ObservedChain>& chains) {
        std::set<std::pair<std::string, std::string>> out;
        for (const auto& [key, chain] : chains)
            for (const std::string& device : chain.attached)
                out.emplace(device, fmt::format("{} {}", chain.table->name, chain.chain->name));
        return out;
    }

    void show_changes() {
        const kernel::Observer& observer = observation_.observer();
        const observe::Time time = now();
        const auto old_rules = handles(observer.chains_before());
        const auto new_rules = handles(observer.chains());
        const auto missing_in = [](const auto& those) {
            return [&those](const auto& item) { return !those.contains(item); };
        };
        const auto old_devices = devices(observer.chains_before());
        const auto new_devices = devices(observer.chains());
        output_.show(
            RulesetChange{time, observer.generation().number,
                          static_cast<std::uint64_t>(std::ranges::count_if(new_rules, missing_in(old_rules))),
                          static_cast<std::uint64_t>(std::ranges::count_if(old_rules, missing_in(new_rules)))});
        for (const auto& [device, chain] : old_devices)
            if (!new_devices.contains({device, chain}))
                output_.show(DeviceChange{time, device, chain, false});
        for (const auto& [device, chain] : new_devices)
            if (!old_devices.contains({device, chain}))
                output_.show(DeviceChange{time, device, chain, true});
    }

    Status show_losses() {
        const auto counts = observation_.observer().counts();
        if (!counts)
            return std::unexpected(counts.error());
        const Losses losses{now(), counts->lost - said_.lost, counts->limited - said_.limited};
        if (losses.lost != 0 || losses.limited != 0)
            output_.show(losses);
        said_ = *counts;
        return {};
    }

    Output& output_;
    const Options& options_;
    Observation observation_;
    std::uint64_t shown_ = 0;
    Clock::time_point next_losses_ = Clock::now() + losses_interval;
    xdpctl_observed said_{};
};

Status run(Session& session, Options options) {
    ObserveOptions& observe = options.observe;
    if (!observe.drops && !observe.accepts && !options.logs && !options.changes) {
        observe.drops = true;
        options.logs = true;
        options.changes = true;
    }
    kernel::ObserverRequest request;
    request.logs = options.logs;
    request.rate = options.rate;
    request.snaplen = options.snaplen;
    auto observation = Observation::start(session, observe, std::move(request));
    if (!observation)
        return std::unexpected(std::move(observation).error());
    return Monitor(session, options, std::move(*observation)).run();
}

}  // namespace

Action declare_monitor(CLI::App& parser) {
    auto options = std::make_shared<Options>();
    parser.add_flag("--log", options->logs, "Packets that log statements report");
    parser.add_flag("--changes", options->changes, "Changes of the ruleset, attached and detached interfaces");
    add_observe_options(parser, options->observe);
    parser.add_option("--rate", options->rate, "At most N packets a second for each rule; 0: no limit")
        ->type_name("N")
        ->check(CLI::Range(0U, 1'000'000U))
        ->capture_default_str();
    parser.add_option("--snaplen", options->snaplen, "With --json: N bytes of every frame")
        ->type_name("N")
        ->check(CLI::Range(0U, unsigned{XDPCTL_FRAME_MAX}));
    return [options](Session& session) { return run(session, *options); };
}

}  // namespace xdpctl::cli
