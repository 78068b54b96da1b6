// SPDX-License-Identifier: BSD-2-Clause
// histogram: how long packets are, and what time they take, as long as somebody asks.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <optional>

#include "cli/command.h"
#include "cli/observe.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "stats/names.h"
#include "stats/tally.h"

namespace xdpctl::cli {

namespace {

using Clock = std::chrono::steady_clock;

// How often the observer looks whether the ruleset changed.
constexpr std::chrono::milliseconds tick_interval(200);

struct Options {
    std::string interface;
    std::optional<ruleset::Hook> hook;
    double timeout = 0;
    bool sizes = false;
    bool times = false;
};

// From here on packets are tallied.
struct Start {};

std::string text(const Start&) {
    return "looking on: Ctrl-C shows what was seen\n";
}

nlohmann::json json(const Start&) {
    return {{"event", "start"}};
}

struct Histograms {
    std::chrono::duration<double> time{};
    std::vector<stats::PacketSizes> sizes;
    std::vector<stats::StageTimes> stages;
};

std::string text(const stats::PacketSizes& sizes) {
    const std::uint64_t packets = sizes.bytes.count();
    return fmt::format("{}, {}, {}: {} packets, {} bytes each\n{:<16}{:>12}\n{}", sizes.device, stats::name(sizes.hook),
                       stats::name(sizes.verdict), packets, sizes.bytes.sum / packets, "bytes", "packets",
                       stats::draw(sizes.bytes));
}

std::string text(const stats::StageTimes& times) {
    const std::uint64_t packets = times.nanoseconds.count();
    return fmt::format("{}, {}, {}: {} packets, {} ns each\n{:<16}{:>12}\n{}", times.device, stats::name(times.hook),
                       stats::name(times.stage), packets, times.nanoseconds.sum / packets, "nanoseconds", "packets",
                       stats::draw(times.nanoseconds));
}

std::string text(const Histograms& histograms) {
    std::string out;
    for (const stats::PacketSizes& sizes : histograms.sizes)
        out += text(sizes) + "\n";
    for (const stats::StageTimes& times : histograms.stages)
        out += text(times) + "\n";
    return out + (out.empty() ? fmt::format("no packet in {:.1f} s\n", histograms.time.count())
                              : fmt::format("in {:.1f} s\n", histograms.time.count()));
}

nlohmann::json json(const Histograms& histograms) {
    nlohmann::json sizes = nlohmann::json::array();
    for (const stats::PacketSizes& one : histograms.sizes)
        sizes.push_back({{"table", one.table},
                         {"chain", one.chain},
                         {"hook", stats::name(one.hook)},
                         {"interface", one.device},
                         {"verdict", stats::name(one.verdict)},
                         {"packets", one.bytes.count()},
                         {"bytes", one.bytes.sum},
                         {"buckets", stats::json(one.bytes)}});
    nlohmann::json stages = nlohmann::json::array();
    for (const stats::StageTimes& one : histograms.stages)
        stages.push_back({{"table", one.table},
                          {"chain", one.chain},
                          {"hook", stats::name(one.hook)},
                          {"interface", one.device},
                          {"stage", stats::name(one.stage)},
                          {"packets", one.nanoseconds.count()},
                          {"nanoseconds", one.nanoseconds.sum},
                          {"buckets", stats::json(one.nanoseconds)}});
    return {
        {"seconds", histograms.time.count()}, {"packet_sizes", std::move(sizes)}, {"stage_times", std::move(stages)}};
}

// Until the time is up, or SIGINT, SIGTERM or SIGHUP comes.
Status look_on(kernel::Observer& observer, Ticker& ticker, Clock::time_point end) {
    std::optional<Screen> none;
    while (Clock::now() < end) {
        switch (ticker.wait()) {
        case Ticker::Event::Stop:
            return {};
        case Ticker::Event::Suspend:
            suspend(none);
            break;
        default:
            if (const auto changed = observer.refresh(); !changed)
                return std::unexpected(changed.error());
        }
    }
    return {};
}

Status run(Session& session, const Options& options) {
    kernel::ObserverRequest request;
    request.device = options.interface;
    request.hook = options.hook;
    request.tally.sizes = options.sizes || !options.times;
    request.tally.times = options.times;
    Ticker ticker(tick_interval);
    auto observer = kernel::Observer::start(request, session.lock_timeout);
    if (!observer)
        return std::unexpected(std::move(observer).error());
    const auto start = Clock::now();
    session.output.confirm(Start{});
    session.output.flush();
    const auto time = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options.timeout));
    XDPCTL_TRY(look_on(*observer, ticker, options.timeout > 0 ? start + time : Clock::time_point::max()));
    observer->stop();
    auto sizes = stats::packet_sizes(*observer);
    if (!sizes)
        return std::unexpected(std::move(sizes).error());
    auto times = stats::stage_times(*observer);
    if (!times)
        return std::unexpected(std::move(times).error());
    session.output.show(Histograms{Clock::now() - start, std::move(*sizes), std::move(*times)});
    return {};
}

}  // namespace

Action declare_histogram(CLI::App& parser) {
    auto options = std::make_shared<Options>();
    parser.add_option("IFACE", options->interface, "Only this interface")->type_name("");
    add_hook_option(parser, options->hook, "Only this hook");
    parser.add_flag("--sizes", options->sizes, "Lengths of packets by verdict; so without --times");
    parser.add_flag("--times", options->times, "Nanoseconds that packets take to be parsed, and to be judged");
    parser.add_option("--timeout", options->timeout, "End after SECONDS; without it Ctrl-C does")
        ->type_name("SECONDS")
        ->check(CLI::Range(0.1, 86400.0 * 365));
    return [options](Session& session) { return run(session, *options); };
}

}  // namespace xdpctl::cli
