// SPDX-License-Identifier: BSD-2-Clause
#include "top/view.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <functional>
#include <ranges>
#include <utility>

#include "stats/names.h"

namespace xdpctl::top {

namespace {

using stats::DeviceStats;
using stats::Measure;
using stats::Rate;
using stats::RuleStats;

constexpr std::size_t verdict_spark = 40;
constexpr std::size_t device_spark = 24;
constexpr std::size_t rule_spark = 12;

Rate rate_of(const Measure& measure) {
    return measure.rate.value_or(Rate{});
}

std::string bits(double bytes) {
    return scaled(bytes * 8);
}

bool passes(const Settings& settings, std::string_view text) {
    return settings.filter.empty() || text.find(settings.filter) != std::string_view::npos;
}

double weight(const Measure& measure, Sort sort) {
    switch (sort) {
    case Sort::Packets:
        return rate_of(measure).packets;
    case Sort::Bytes:
        return rate_of(measure).bytes;
    default:
        return static_cast<double>(measure.count.packets);
    }
}

// A row of the page with reasons.
struct ReasonRow {
    const DeviceStats* device = nullptr;
    const stats::VerdictMeasure* counted = nullptr;
};

class Drawing {
public:
    Drawing(const stats::Snapshot& snapshot, const History& history, Settings& settings, const Canvas& canvas)
        : snapshot_(snapshot), history_(history), settings_(settings), canvas_(canvas) {}

    View draw() {
        title();
        if (settings_.help) {
            help();
            return {std::move(text_), 0};
        }
        verdicts();
        devices();
        const std::size_t last_lines = canvas_.keys ? 1 : 0;
        // A blank line and the page's titles come first.
        const std::size_t room = canvas_.rows > lines_ + last_lines + 3 ? canvas_.rows - lines_ - last_lines - 3 : 0;
        if (room > 0) {
            line("");
            page(room);
        }
        if (canvas_.keys)
            last_line();
        return {std::move(text_), room};
    }

private:
    void line(std::string_view content) {
        text_ += fitted(content, canvas_.columns) + '\n';
        ++lines_;
    }

    void title() {
        const auto time = std::chrono::system_clock::to_time_t(snapshot_.time);
        std::tm parts{};
        localtime_r(&time, &parts);
        std::string content = fmt::format("xdpctl top  {:%H:%M:%S}", parts);
        if (snapshot_.interval)
            content += fmt::format("  over {:.1f} s", snapshot_.interval->count());
        content += fmt::format("  sort: {}{}", name(settings_.sort), settings_.reversed ? " reversed" : "");
        if (!settings_.filter.empty())
            content += fmt::format("  filter: {}", settings_.filter);
        if (settings_.paused)
            content += "  PAUSED";
        line(content);
    }

    void verdicts() {
        line("");
        line(fmt::format("{:<24}{:>10}{:>10}{:>10}  {}", "VERDICT", "PACKETS/S", "BITS/S", "PACKETS", "RECENT"));
        for (const xdpctl_verdict verdict : {XDPCTL_ACCEPT, XDPCTL_DROP}) {
            const Measure total = snapshot_.total(verdict);
            line(fmt::format("{:<24}{:>10}{:>10}{:>10}  {}", stats::name(verdict), scaled(rate_of(total).packets),
                             bits(rate_of(total).bytes), scaled(static_cast<double>(total.count.packets)),
                             spark(history_.of_verdict(verdict), verdict_spark)));
        }
    }

    void devices() {
        std::vector<const DeviceStats*> shown;
        for (const DeviceStats& device : snapshot_.devices)
            shown.push_back(&device);
        std::ranges::stable_sort(shown, std::greater<>(), [](const DeviceStats* device) {
            return top::rate_of(*device, XDPCTL_ACCEPT).packets + top::rate_of(*device, XDPCTL_DROP).packets;
        });
        // A blank line, the titles and the last line; the page below needs room too.
        const std::size_t left = canvas_.rows - std::min(canvas_.rows, lines_ + 3);
        const std::size_t room = std::min(left, canvas_.rows / 4);
        if (shown.empty() || room < 2)
            return;
        const std::size_t rows = shown.size() <= room ? shown.size() : room - 1;
        line("");
        line(fmt::format("{:<15} {:<8}{:>10}{:>10}{:>10}  {}", "INTERFACE", "HOOK", "ACCEPT/S", "DROP/S", "BITS/S",
                         "DROPS"));
        for (const DeviceStats* device : shown | std::views::take(rows)) {
            const Rate accepted = top::rate_of(*device, XDPCTL_ACCEPT);
            const Rate dropped = top::rate_of(*device, XDPCTL_DROP);
            line(fmt::format("{:<15} {:<8}{:>10}{:>10}{:>10}  {}", device->device, stats::name(device->hook),
                             scaled(accepted.packets), scaled(dropped.packets), bits(accepted.bytes + dropped.bytes),
                             spark(history_.of_drops(*device), device_spark)));
        }
        if (rows < shown.size())
            line(fmt::format("... {} more", shown.size() - rows));
    }

    // The part of so many rows that is to be seen.
    std::pair<std::size_t, std::size_t> visible(std::size_t rows, std::size_t room) {
        settings_.scroll = std::min(settings_.scroll, rows > room ? rows - room : 0);
        return {settings_.scroll, std::min(rows, settings_.scroll + room)};
    }

    void page(std::size_t room) {
        switch (settings_.page) {
        case Page::Rules:
            return rules(room);
        case Page::Reasons:
            return reasons(room);
        case Page::Talkers:
            return talkers(room);
        }
    }

    void talkers(std::size_t room) {
        const std::vector<stats::TalkerStats> selected = select_talkers(snapshot_, settings_);
        const std::size_t all = snapshot_.talkers ? snapshot_.talkers->size() : 0;
        line(fmt::format("{:>10}{:>10}{:>10}{:>10}  {:<15} {}", "PACKETS/S", "DROP/S", "BITS/S", "PACKETS", "TO",
                         count_title("FROM", selected.size(), all)));
        const auto [first, last] = visible(selected.size(), room);
        for (std::size_t i = first; i < last; ++i) {
            const stats::TalkerStats& talker = selected[i];
            line(fmt::format("{:>10}{:>10}{:>10}{:>10}  {:<15} {}", scaled(rate_of(talker.measure).packets),
                             scaled(talker.drops_per_second), bits(rate_of(talker.measure).bytes),
                             scaled(static_cast<double>(talker.measure.count.packets)), talker.destination,
                             talker.source));
        }
    }

    void rules(std::size_t room) {
        const std::vector<RuleStats> selected = select_rules(snapshot_, settings_);
        line(fmt::format("{:>7}{:>10}{:>10}{:>10}  {:<{}}  {}", "HANDLE", "PACKETS/S", "BITS/S", "PACKETS", "RECENT",
                         rule_spark, count_title("RULE", selected.size(), snapshot_.rules.size())));
        const auto [first, last] = visible(selected.size(), room);
        for (std::size_t i = first; i < last; ++i) {
            const RuleStats& rule = selected[i];
            line(fmt::format("{:>7}{:>10}{:>10}{:>10}  {}  {}", std::to_underlying(rule.handle),
                             scaled(rate_of(rule.measure).packets), bits(rate_of(rule.measure).bytes),
                             scaled(static_cast<double>(rule.measure.count.packets)),
                             padded(spark(history_.of_rule(rule.handle), rule_spark), rule_spark), rule.text));
        }
    }

    void reasons(std::size_t room) {
        std::vector<ReasonRow> selected;
        std::size_t all = 0;
        for (const DeviceStats& device : snapshot_.devices) {
            for (const stats::VerdictMeasure& counted : device.verdicts) {
                ++all;
                if (passes(settings_, fmt::format("{} {} {} {}", device.device, stats::name(device.hook),
                                                  stats::name(counted.verdict), stats::name(counted.reason))))
                    selected.push_back({&device, &counted});
            }
        }
        std::ranges::stable_sort(selected, std::greater<>(),
                                 [&](const ReasonRow& row) { return weight(row.counted->measure, settings_.sort); });
        if (settings_.reversed)
            std::ranges::reverse(selected);
        line(fmt::format("{:<15} {:<8}{:>10}{:>10}{:>10}  {:<8}{}", "INTERFACE", "HOOK", "PACKETS/S", "BITS/S",
                         "PACKETS", "VERDICT", count_title("REASON", selected.size(), all)));
        const auto [first, last] = visible(selected.size(), room);
        for (std::size_t i = first; i < last; ++i) {
            const auto& [device, counted] = selected[i];
            line(fmt::format("{:<15} {:<8}{:>10}{:>10}{:>10}  {:<8}{}", device->device, stats::name(device->hook),
                             scaled(rate_of(counted->measure).packets), bits(rate_of(counted->measure).bytes),
                             scaled(static_cast<double>(counted->measure.count.packets)), stats::name(counted->verdict),
                             stats::name(counted->reason)));
        }
    }

    static std::string count_title(std::string_view title, std::size_t selected, std::size_t all) {
        return selected == all ? fmt::format("{} ({})", title, all)
                               : fmt::format("{} ({} of {})", title, selected, all);
    }

    void help() {
        for (const char* content :
             {"", "  q         quit", "  p, space  pause and go on",
              "  s         sort by packets/s, bytes/s, total, handle", "  r         reverse the order",
              "  v         rules, verdicts and reasons, or who sends (with --talkers)",
              "  /         show only what contains a text; Enter takes it, Escape leaves it",
              "  Escape    show everything again", "  up, down, page up, page down, home    scroll",
              "  h, ?      this help", "", "any key goes back"})
            line(content);
    }

    void last_line() {
        if (settings_.typing)
            return line(fmt::format("show only what contains: {}_", *settings_.typing));
        line(fmt::format("q quit  p pause  s sort  r reverse  v rules/reasons{}  / filter  h help",
                         settings_.has_talkers ? "/talkers" : ""));
    }

    std::string spark(const std::vector<double>& values, std::size_t width) const {
        return sparkline(values, width, canvas_.unicode);
    }

    // fmt counts the columns of block elements rightly, but not in all versions.
    static std::string padded(std::string text, std::size_t columns) {
        const auto shown = static_cast<std::size_t>(
            std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
        return text.append(columns - std::min(columns, shown), ' ');
    }

    const stats::Snapshot& snapshot_;
    const History& history_;
    Settings& settings_;
    const Canvas& canvas_;
    std::string text_;
    std::size_t lines_ = 0;
};

}  // namespace

View draw(const stats::Snapshot& snapshot, const History& history, Settings& settings, const Canvas& canvas) {
    return Drawing(snapshot, history, settings, canvas).draw();
}

std::vector<RuleStats> select_rules(const stats::Snapshot& snapshot, const Settings& settings) {
    std::vector<RuleStats> selected;
    std::ranges::copy_if(snapshot.rules, std::back_inserter(selected),
                         [&](const RuleStats& rule) { return passes(settings, rule.text); });
    if (settings.sort == Sort::Handle)
        std::ranges::stable_sort(selected, {}, &RuleStats::handle);
    else
        std::ranges::stable_sort(selected, std::greater<>(),
                                 [&](const RuleStats& rule) { return weight(rule.measure, settings.sort); });
    if (settings.reversed)
        std::ranges::reverse(selected);
    return selected;
}

std::vector<stats::TalkerStats> select_talkers(const stats::Snapshot& snapshot, const Settings& settings) {
    std::vector<stats::TalkerStats> selected;
    if (snapshot.talkers)
        std::ranges::copy_if(*snapshot.talkers, std::back_inserter(selected), [&](const stats::TalkerStats& talker) {
            return passes(settings, talker.source + " " + talker.destination);
        });
    if (settings.sort != Sort::Handle)
        std::ranges::stable_sort(selected, std::greater<>(), [&](const stats::TalkerStats& talker) {
            return weight(talker.measure, settings.sort);
        });
    if (settings.reversed)
        std::ranges::reverse(selected);
    return selected;
}

std::string scaled(double number) {
    constexpr std::array units{"", "k", "M", "G", "T", "P", "E"};
    std::size_t unit = 0;
    // What would be rounded up to 1000 belongs to the next unit.
    while (number >= 999.5 && unit + 1 < units.size()) {
        number /= 1000;
        ++unit;
    }
    if (unit == 0)
        return number > 0 && number < 9.95 && number != std::floor(number) ? fmt::format("{:.1f}", number)
                                                                           : fmt::format("{:.0f}", number);
    const int digits = number < 9.995 ? 2 : number < 99.95 ? 1 : 0;
    return fmt::format("{:.{}f}{}", number, digits, units[unit]);
}

std::string sparkline(std::span<const double> values, std::size_t width, bool unicode) {
    constexpr std::array blocks{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    constexpr std::array letters{" ", ".", ":", "-", "=", "+", "*", "#", "@"};
    values = values.last(std::min(values.size(), width));
    const double highest = values.empty() ? 0 : std::ranges::max(values);
    std::string out;
    for (const double value : values) {
        // Anything above nothing is seen.
        const auto level = highest > 0 ? static_cast<std::size_t>(std::ceil(value / highest * 8)) : 0;
        out += unicode ? blocks[level] : letters[level];
    }
    return out;
}

std::string fitted(std::string_view text, std::size_t columns) {
    std::string out;
    std::size_t used = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool continues = (byte & 0xc0) == 0x80;
        if (!continues && ++used > columns)
            break;
        const bool wide_control = byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
        if (byte < ' ' || byte == 0x7f)
            out += '?';
        else if (wide_control) {
            out += '?';
            ++i;
        } else
            out += text[i];
    }
    return out.erase(out.find_last_not_of(' ') + 1);
}

}  // namespace xdpctl::top
