// SPDX-License-Identifier: BSD-2-Clause
// stats: one snapshot, or one after the other with the rates between them.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <memory>
#include <optional>
#include <thread>

#include "cli/change.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "stats/render.h"
#include "stats/snapshot.h"

namespace xdpctl::cli {

namespace {

using Seconds = std::chrono::duration<double>;

struct Options {
    std::string interface;
    std::optional<std::string> watch;  // the word behind --watch, empty when there is none
    bool rates = false;
    bool reset = false;
};

struct Reset {};

std::string text(const Reset&) {
    return "all counters are zero\n";
}

nlohmann::json json(const Reset&) {
    return {{"reset", true}};
}

// A snapshot in a row of them.
struct Frame {
    stats::Snapshot snapshot;
};

std::string text(const Frame& frame) {
    const auto time = std::chrono::system_clock::to_time_t(frame.snapshot.time);
    std::tm parts{};
    localtime_r(&time, &parts);
    return fmt::format("{:%Y-%m-%d %H:%M:%S}\n{}\n", parts, stats::text(frame.snapshot));
}

nlohmann::json json(const Frame& frame) {
    return stats::json(frame.snapshot);
}

std::optional<Seconds> read_seconds(std::string_view word) {
    double seconds = 0;
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), seconds);
    if (error != std::errc{} || stop != word.data() + word.size() || !(seconds >= 0.1 && seconds <= 86400))
        return std::nullopt;
    return Seconds(seconds);
}

// The interval of --watch. Its number may be left out, so that what follows it can be the interface.
Result<Seconds> take_interval(Options& options) {
    if (options.watch->empty())
        return Seconds(1);
    if (const auto seconds = read_seconds(*options.watch))
        return *seconds;
    if (!options.interface.empty())
        return fail(ErrorKind::Usage, fmt::format("'{}' is no interval", *options.watch), {},
                    "--watch takes seconds between 0.1 and 86400");
    options.interface = *options.watch;
    return Seconds(1);
}

Result<stats::Snapshot> take_snapshot(const std::string& interface) {
    const auto reader = open_for_counting();
    if (!reader)
        return std::unexpected(reader.error());
    return stats::take_snapshot(*reader, interface);
}

// Keeps the frame on the screen until the next tick; false when it is time to stop.
bool hold(const Frame& frame, std::optional<Screen>& screen, Ticker& ticker) {
    for (;;) {
        if (screen)
            screen->draw(text(frame));
        switch (ticker.wait()) {
        case Ticker::Event::Tick:
            return true;
        case Ticker::Event::Stop:
            return false;
        case Ticker::Event::Redraw:
        case Ticker::Event::Input:
            break;
        case Ticker::Event::Suspend:
            suspend(screen);
            break;
        }
    }
}

Status watch(Session& session, const std::string& interface, Seconds interval) {
    Ticker ticker(std::chrono::duration_cast<std::chrono::nanoseconds>(interval));
    std::optional<Screen> screen;
    if (session.output.format() == Output::Format::Text && is_terminal(STDOUT_FILENO))
        screen.emplace();
    std::optional<stats::Snapshot> before;
    while (session.output.open()) {
        auto now = take_snapshot(interface);
        if (!now)
            return std::unexpected(std::move(now).error());
        if (before)
            stats::add_rates(*now, *before);
        const Frame frame{*now};
        before = std::move(*now);
        if (!screen) {
            session.output.show(frame);
            session.output.flush();
        }
        if (!hold(frame, screen, ticker))
            break;
    }
    return {};
}

Status show(Session& session, const Options& options) {
    auto now = take_snapshot(options.interface);
    if (now && options.rates) {
        const stats::Snapshot before = std::move(*now);
        std::this_thread::sleep_for(std::chrono::seconds(1));
        now = take_snapshot(options.interface);
        if (now)
            stats::add_rates(*now, before);
    }
    if (!now)
        return std::unexpected(std::move(now).error());
    session.output.show(*now);
    return {};
}

Status reset(Session& session) {
    auto state = open_for_writing(session);
    if (!state)
        return std::unexpected(std::move(state).error());
    kernel::Warnings warnings;
    const Status status = state->reset_counts(warnings);
    session.output.warn(warnings);
    XDPCTL_TRY(status);
    session.output.confirm(Reset{});
    return {};
}

Status run(Session& session, Options options) {
    if (options.reset)
        return reset(session);
    if (!options.watch)
        return show(session, options);
    const auto interval = take_interval(options);
    if (!interval)
        return std::unexpected(interval.error());
    return watch(session, options.interface, *interval);
}

}  // namespace

Action declare_stats(CLI::App& parser) {
    auto options = std::make_shared<Options>();
    auto* interface = parser.add_option("IFACE", options->interface, "Only this interface")->type_name("");
    auto* watch = parser.add_option("--watch", options->watch, "Show again every SECONDS (1), with rates")
                      ->type_name("[SECONDS]")
                      ->expected(0, 1);
    auto* rates = parser.add_flag("--rates", options->rates, "Measure rates for a second");
    rates->excludes(watch);
    parser.add_flag("--reset", options->reset, "Set all counters to zero, of rules too")
        ->excludes(interface)
        ->excludes(watch)
        ->excludes(rates);
    return [options](Session& session) { return run(session, *options); };
}

}  // namespace xdpctl::cli
