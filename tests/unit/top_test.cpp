// SPDX-License-Identifier: BSD-2-Clause
// What top draws, and what keys do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "top/history.h"
#include "top/keys.h"
#include "top/settings.h"
#include "top/view.h"

namespace xdpctl::top {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Kind = Key::Kind;

Key character(char c) {
    return {Kind::Character, c};
}

stats::RuleStats rule(std::uint64_t handle, double packets, double bytes, std::uint64_t total, std::string text) {
    return {.table = "xdpctl",
            .chain = "ingress",
            .handle = Handle{handle},
            .text = std::move(text),
            .measure = {.count = {total, total * 100}, .rate = stats::Rate{packets, bytes}}};
}

stats::VerdictMeasure judged(xdpctl_verdict verdict, xdpctl_reason reason, double packets) {
    return {verdict, reason, {{1000, 100000}, stats::Rate{packets, packets * 100}}};
}

stats::Snapshot example() {
    stats::Snapshot snapshot;
    snapshot.interval = std::chrono::seconds(1);
    snapshot.devices = {
        {"xdpctl",
         "ingress",
         ruleset::Hook::Ingress,
         "eth0",
         {judged(XDPCTL_ACCEPT, XDPCTL_REASON_POLICY, 2000), judged(XDPCTL_DROP, XDPCTL_REASON_RULE, 500)}},
        {"xdpctl", "ingress", ruleset::Hook::Ingress, "eth1", {judged(XDPCTL_DROP, XDPCTL_MALFORMED_TCP, 9000)}}};
    snapshot.rules = {rule(3, 10, 900, 70, "tcp dport 22 accept"), rule(4, 500, 500, 60, "udp dport 53 drop"),
                      rule(5, 0, 0, 80, "tcp dport 25 drop")};
    return snapshot;
}

// Handles of the rules in the picture, from top to bottom.
std::vector<int> handles(const std::string& text) {
    std::vector<int> out;
    std::istringstream lines(text.substr(text.find("HANDLE")));
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line))
        if (int handle = 0; std::istringstream(line) >> handle)
            out.push_back(handle);
    return out;
}

std::string drawn(Settings settings, const Canvas& canvas = {}) {
    return draw(example(), {}, settings, canvas).text;
}

TEST(TopKeys, AreReadFromBytes) {
    EXPECT_THAT(parse_keys("qs"), ElementsAre(character('q'), character('s')));
    EXPECT_THAT(parse_keys("\033[A\033[B\033OA\033[5~\033[6~\033[H"),
                ElementsAre(Key{Kind::Up}, Key{Kind::Down}, Key{Kind::Up}, Key{Kind::PageUp}, Key{Kind::PageDown},
                            Key{Kind::Home}));
    EXPECT_THAT(parse_keys("\r\177"), ElementsAre(Key{Kind::Enter}, Key{Kind::Backspace}));
    EXPECT_THAT(parse_keys("\033"), ElementsAre(Key{Kind::Escape}));
    EXPECT_THAT(parse_keys("\033[15;2~x"), ElementsAre(character('x'))) << "a key that means nothing here";
    EXPECT_THAT(parse_keys("\033["), IsEmpty());
    EXPECT_THAT(parse_keys("\x01\x02"), IsEmpty());
    EXPECT_THAT(parse_keys(""), IsEmpty());
}

TEST(TopKeys, ChangeTheView) {
    Settings settings;
    EXPECT_EQ(press(settings, character('s'), 10), Reaction::Redraw);
    EXPECT_EQ(settings.sort, Sort::Bytes);
    for (int i = 0; i < 3; ++i)
        (void)press(settings, character('s'), 10);
    EXPECT_EQ(settings.sort, Sort::Packets) << "all orders in turn";
    (void)press(settings, character('p'), 10);
    EXPECT_TRUE(settings.paused);
    (void)press(settings, Key{Kind::PageDown}, 10);
    EXPECT_EQ(settings.scroll, 10U);
    (void)press(settings, Key{Kind::Up}, 10);
    EXPECT_EQ(settings.scroll, 9U);
    (void)press(settings, Key{Kind::PageUp}, 10);
    EXPECT_EQ(settings.scroll, 0U);
    EXPECT_EQ(press(settings, character('q'), 10), Reaction::Quit);
}

TEST(TopKeys, TypeAFilter) {
    Settings settings;
    for (const char c : std::string("/quip"))
        (void)press(settings, character(c), 10);
    EXPECT_EQ(settings.typing, "quip") << "letters are no commands here";
    (void)press(settings, Key{Kind::Backspace}, 10);
    EXPECT_EQ(settings.filter, "") << "not yet";
    (void)press(settings, Key{Kind::Enter}, 10);
    EXPECT_EQ(settings.filter, "qui");
    (void)press(settings, character('/'), 10);
    (void)press(settings, character('!'), 10);
    (void)press(settings, Key{Kind::Escape}, 10);
    EXPECT_EQ(settings.filter, "qui") << "as it was";
    (void)press(settings, Key{Kind::Escape}, 10);
    EXPECT_EQ(settings.filter, "");
}

TEST(TopKeys, CloseTheHelp) {
    Settings settings;
    (void)press(settings, character('h'), 10);
    EXPECT_TRUE(settings.help);
    EXPECT_THAT(drawn(settings), HasSubstr("any key goes back"));
    (void)press(settings, character('s'), 10);
    EXPECT_FALSE(settings.help);
    EXPECT_EQ(settings.sort, Sort::Packets);
}

TEST(TopView, SortsRules) {
    Settings settings;
    EXPECT_THAT(handles(drawn(settings)), ElementsAre(4, 3, 5));
    settings.sort = Sort::Bytes;
    EXPECT_THAT(handles(drawn(settings)), ElementsAre(3, 4, 5));
    settings.sort = Sort::Total;
    EXPECT_THAT(handles(drawn(settings)), ElementsAre(5, 3, 4));
    settings.sort = Sort::Handle;
    EXPECT_THAT(handles(drawn(settings)), ElementsAre(3, 4, 5));
    settings.reversed = true;
    EXPECT_THAT(handles(drawn(settings)), ElementsAre(5, 4, 3));
}

TEST(TopView, FiltersRulesAndReasons) {
    Settings settings;
    settings.filter = "tcp";
    EXPECT_THAT(handles(drawn(settings)), ElementsAre(3, 5));
    EXPECT_THAT(drawn(settings), HasSubstr("RULE (2 of 3)"));
    settings.page = Page::Reasons;
    EXPECT_THAT(drawn(settings), HasSubstr("malformed-tcp"));
    EXPECT_THAT(drawn(settings), Not(HasSubstr("policy")));
}

TEST(TopView, ShowsTalkersWhenThereAreSome) {
    stats::Snapshot snapshot = example();
    Settings settings;
    EXPECT_EQ(press(settings, character('v'), 10), Reaction::Redraw);
    EXPECT_EQ(press(settings, character('v'), 10), Reaction::Redraw);
    EXPECT_EQ(settings.page, Page::Rules) << "nobody asked for them";
    settings.has_talkers = true;
    settings.page = Page::Talkers;
    snapshot.talkers = {{"192.0.2.1", "tcp 22", {{10, 1000}, stats::Rate{1, 100}}, 0},
                        {"2001:db8::1", "udp 53", {{20, 2000}, stats::Rate{1500, 150000}}, 1200}};
    const std::string text = draw(snapshot, {}, settings, {.rows = 30, .columns = 80}).text;
    EXPECT_THAT(text, HasSubstr("FROM (2)\n     1.50k     1.20k     1.20M        20  udp 53          2001:db8::1\n"));
    EXPECT_THAT(text, HasSubstr("v rules/reasons/talkers"));
    settings.filter = "tcp";
    EXPECT_THAT(draw(snapshot, {}, settings, {.rows = 30, .columns = 80}).text, HasSubstr("FROM (1 of 2)"));
}

TEST(TopView, ShowsTheBusiestInterfaceFirst) {
    const std::string text = drawn({});
    EXPECT_LT(text.find("eth1"), text.find("eth0"));
}

TEST(TopView, FitsIntoEverySize) {
    stats::Snapshot snapshot = example();
    for (std::uint64_t i = 10; i < 90; ++i)
        snapshot.rules.push_back(rule(i, 1, 1, 1, "udp dport 1 drop comment \"" + std::string(100, 'x') + '"'));
    for (std::size_t rows : {1U, 2U, 5U, 8U, 12U, 23U, 60U, 200U}) {
        for (std::size_t columns : {2U, 20U, 80U, 200U}) {
            for (const Page page : {Page::Rules, Page::Reasons}) {
                Settings settings;
                settings.page = page;
                const View view = draw(snapshot, {}, settings, {.rows = rows, .columns = columns});
                if (rows >= 8) {
                    EXPECT_LE(std::ranges::count(view.text, '\n'), static_cast<std::ptrdiff_t>(rows));
                }
                std::istringstream lines(view.text);
                for (std::string line; std::getline(lines, line);)
                    EXPECT_LE(line.size(), columns) << line;
            }
        }
    }
}

TEST(TopView, ScrollsAsFarAsThereAreRules) {
    stats::Snapshot snapshot = example();
    for (std::uint64_t i = 10; i < 90; ++i)
        snapshot.rules.push_back(rule(i, 0, 0, 0, "udp dport 1 drop"));
    Settings settings;
    settings.sort = Sort::Handle;
    settings.scroll = 100000;
    const View view = draw(snapshot, {}, settings, {.rows = 24, .columns = 80});
    EXPECT_EQ(handles(view.text).back(), 89);
    EXPECT_EQ(handles(view.text).size(), view.page_rows);
    EXPECT_EQ(settings.scroll, snapshot.rules.size() - view.page_rows);
}

TEST(TopView, ShowsHistoryOfWhatCounts) {
    History history;
    stats::Snapshot snapshot = example();
    for (int i = 1; i <= 60; ++i) {
        snapshot.rules[0].measure.rate->packets = i % 8;
        history.add(snapshot);
    }
    EXPECT_EQ(history.of_rule(Handle{3}).size(), History::length);
    EXPECT_THAT(history.of_rule(Handle{5}), IsEmpty()) << "never counted";
    snapshot.rules.clear();
    for (std::size_t i = 0; i < History::length; ++i)
        history.add(snapshot);
    EXPECT_THAT(history.of_rule(Handle{3}), IsEmpty()) << "deleted";
}

TEST(TopView, DrawsSparklines) {
    const std::vector<double> values{0, 1, 4, 8};
    EXPECT_EQ(sparkline(values, 10, true), " ▁▄█");
    EXPECT_EQ(sparkline(values, 2, true), "▄█");
    EXPECT_EQ(sparkline(values, 10, false), " .=@");
    EXPECT_EQ(sparkline(std::vector<double>{0, 0}, 10, true), "  ");
    EXPECT_EQ(sparkline({}, 10, true), "");
    EXPECT_EQ(sparkline(std::vector<double>{0.0001, 1e9}, 10, false), ".@") << "little is not nothing";
}

TEST(TopView, ScalesNumbers) {
    const std::pair<double, const char*> cases[] = {
        {0, "0"},          {1, "1"},          {1.5, "1.5"},     {17.4, "17"},     {999, "999"},
        {999.6, "1.00k"},  {1234, "1.23k"},   {12345, "12.3k"}, {123456, "123k"}, {999499, "999k"},
        {999500, "1.00M"}, {4.56e9, "4.56G"}, {1.8e19, "18.0E"}};
    for (const auto& [number, text] : cases)
        EXPECT_EQ(scaled(number), text);
}

TEST(TopView, LetsNoTextMoveTheCursor) {
    EXPECT_EQ(fitted("a\033[2Jb\rc\x7f", 80), "a?[2Jb?c?");
    EXPECT_EQ(fitted("a\xc2\x9b"
                     "2Jb",
                     80),
              "a?2Jb");
    EXPECT_EQ(fitted("grüße", 3), "grü");
    EXPECT_EQ(fitted("a   ", 80), "a");
}

}  // namespace
}  // namespace xdpctl::top
