// SPDX-License-Identifier: BSD-2-Clause
// top: rates by verdict, interface and rule, as they are now.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <optional>

#include "cli/change.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "kernel/observer.h"
#include "stats/render.h"
#include "stats/snapshot.h"
#include "stats/talkers.h"
#include "top/view.h"

namespace xdpctl::cli {

namespace {

using Event = Ticker::Event;

constexpr std::size_t talkers_shown = 100;  // in JSON

struct Options {
    std::string interface;
    double interval = 1;
    std::size_t count = 0;  // pictures; 0 is no end
    std::string filter;
    top::Sort sort = top::Sort::Packets;
    bool talkers = false;
    std::uint32_t sample = 1;
};

// A picture where it cannot be drawn in place.
struct Picture {
    const stats::Snapshot* snapshot;
    const top::History* history;
    top::Settings settings;
};

std::string text(const Picture& picture) {
    constexpr top::Canvas canvas{.rows = 48, .columns = 160, .unicode = false, .keys = false};
    top::Settings settings = picture.settings;
    return top::draw(*picture.snapshot, *picture.history, settings, canvas).text + '\n';
}

nlohmann::json json(const Picture& picture) {
    stats::Snapshot selected = *picture.snapshot;
    selected.rules = top::select_rules(selected, picture.settings);
    nlohmann::json out = stats::json(selected);
    if (!selected.talkers)
        return out;
    const std::vector<stats::TalkerStats> talkers = top::select_talkers(selected, picture.settings);
    out["talkers"] = nlohmann::json::array();
    for (std::size_t i = 0; i < std::min(talkers.size(), talkers_shown); ++i)
        out["talkers"].push_back({{"source", talkers[i].source},
                                  {"destination", talkers[i].destination},
                                  {"packets", talkers[i].measure.count.packets},
                                  {"bytes", talkers[i].measure.count.bytes},
                                  {"packets_per_second", talkers[i].measure.rate->packets},
                                  {"bytes_per_second", talkers[i].measure.rate->bytes},
                                  {"drops_per_second", talkers[i].drops_per_second}});
    return out;
}

// As the locale says, which nothing here sets: a picture is no text to translate.
bool terminal_takes_utf8() {
    for (const char* variable : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        const char* value = std::getenv(variable);
        if (value == nullptr || *value == '\0')
            continue;
        const std::string_view locale(value);
        return locale.find("UTF-8") != std::string_view::npos || locale.find("utf8") != std::string_view::npos;
    }
    return false;
}

class Top {
public:
    Top(Session& session, const Options& options)
        : session_(session),
          options_(options),
          interval_(options.interval),
          draws_(session.output.format() == Output::Format::Text && is_terminal(STDOUT_FILENO)),
          has_keys_(draws_ && ::isatty(STDIN_FILENO) == 1),
          ticker_(std::chrono::duration_cast<std::chrono::nanoseconds>(interval_), has_keys_ ? STDIN_FILENO : -1) {
        settings_.sort = options.sort;
        settings_.filter = options.filter;
        settings_.has_talkers = options.talkers;
        if (settings_.has_talkers)
            settings_.page = top::Page::Talkers;
    }

    Status run() {
        XDPCTL_TRY(observe());
        // Before the screen is another one: an error is to be seen.
        XDPCTL_TRY(measure());
        if (draws_)
            screen_.emplace(has_keys_);
        for (std::size_t shown = 0; session_.output.open();) {
            if (snapshot_.interval)
                ++shown;
            show();
            if ((options_.count != 0 && shown >= options_.count) || !hold())
                break;
            if (!settings_.paused)
                XDPCTL_TRY(measure());
        }
        return {};
    }

private:
    Status observe() {
        if (!options_.talkers)
            return {};
        kernel::ObserverRequest request;
        request.device = options_.interface;
        request.tally.talkers = options_.sample;
        auto observer = kernel::Observer::start(request, session_.lock_timeout);
        if (!observer)
            return std::unexpected(std::move(observer).error());
        observer_ = std::move(*observer);
        return {};
    }

    // What was sent since the last time.
    Status measure_talkers(stats::Snapshot& now) {
        if (!observer_)
            return {};
        if (const auto changed = observer_->refresh(); !changed)
            return std::unexpected(changed.error());
        auto talkers = observer_->tallies().talkers();
        if (!talkers)
            return std::unexpected(std::move(talkers).error());
        if (now.interval)
            now.talkers = stats::talker_stats(*talkers, talkers_, *now.interval);
        talkers_ = std::move(*talkers);
        return {};
    }

    Status measure() {
        const auto reader = open_for_counting();
        if (!reader)
            return std::unexpected(reader.error());
        auto now = stats::take_snapshot(*reader, options_.interface);
        if (!now)
            return std::unexpected(std::move(now).error());
        if (taken_) {
            stats::add_rates(*now, snapshot_);
            history_.add(*now);
        }
        XDPCTL_TRY(measure_talkers(*now));
        snapshot_ = std::move(*now);
        taken_ = true;
        return {};
    }

    void show() {
        if (screen_)
            return draw();
        // The first one has no rates, and is not worth a picture.
        if (!snapshot_.interval)
            return;
        session_.output.show(Picture{&snapshot_, &history_, settings_});
        session_.output.flush();
    }

    void draw() {
        const TerminalSize size = terminal_size();
        const top::Canvas canvas{.rows = size.rows - 1, .columns = size.columns, .unicode = utf8_, .keys = has_keys_};
        top::View view = top::draw(snapshot_, history_, settings_, canvas);
        page_rows_ = view.page_rows;
        screen_->draw(view.text);
    }

    // Until the next tick; false when it is time to stop.
    bool hold() {
        for (;;) {
            switch (ticker_.wait()) {
            case Event::Tick:
                return true;
            case Event::Stop:
                return false;
            case Event::Suspend:
                suspend(screen_);
                break;
            case Event::Input:
                if (!read_keys())
                    return false;
                break;
            case Event::Redraw:
                break;
            }
            if (screen_)
                draw();
        }
    }

    bool read_keys() {
        std::array<char, 256> bytes;
        const ssize_t size = ::read(STDIN_FILENO, bytes.data(), bytes.size());
        if (size <= 0)  // the terminal is gone
            return false;
        for (const top::Key& key : top::parse_keys({bytes.data(), static_cast<std::size_t>(size)}))
            if (top::press(settings_, key, page_rows_) == top::Reaction::Quit)
                return false;
        return true;
    }

    Session& session_;
    const Options& options_;
    std::chrono::duration<double> interval_;
    bool draws_;
    bool has_keys_;
    bool utf8_ = terminal_takes_utf8();
    Ticker ticker_;
    std::optional<Screen> screen_;
    top::Settings settings_;
    std::size_t page_rows_ = 0;
    top::History history_;
    std::optional<kernel::Observer> observer_;
    std::vector<kernel::Talker> talkers_;
    stats::Snapshot snapshot_;
    bool taken_ = false;
};

}  // namespace

Action declare_top(CLI::App& parser) {
    auto options = std::make_shared<Options>();
    parser.add_option("IFACE", options->interface, "Only this interface, and the rules of its chains")->type_name("");
    parser.add_option("--interval", options->interval, "Between two pictures")
        ->type_name("SECONDS")
        ->check(CLI::Range(0.1, 86400.0))
        ->capture_default_str();
    parser.add_option("--count", options->count, "End after so many pictures")->type_name("NUMBER");
    auto* talkers = parser.add_flag("--talkers", options->talkers, "Look on, and show who sends most");
    parser.add_option("--sample", options->sample, "Look at one packet in N, chosen at random")
        ->type_name("N")
        ->check(CLI::PositiveNumber)
        ->needs(talkers);
    parser.add_option("--filter", options->filter, "Only rules and reasons that contain this")->type_name("TEXT");
    parser
        .add_option_function<std::string>(
            "--sort", [options](const std::string& word) { options->sort = *top::sort_by_name(word); },
            "packets (a second, default), bytes (a second), total or handle")
        ->type_name("ORDER")
        ->check(CLI::IsMember({"packets", "bytes", "total", "handle"}));
    return [options](Session& session) { return Top(session, *options).run(); };
}

}  // namespace xdpctl::cli
