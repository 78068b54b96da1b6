// SPDX-License-Identifier: BSD-2-Clause
#include "e2e/judges.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "lang/parse.h"
#include "lang/print.h"
#include "ruleset/check.h"
#include "testrun/testrun.h"

namespace xdpctl::test {

namespace {

// Runs the command at the station; adds a failure when it fails.
CommandResult xdpctl(const Station& station, std::vector<std::string> arguments, const std::string& input = {}) {
    arguments.insert(arguments.begin(), XDPCTL_BINARY);
    CommandResult result = station.run(arguments, input);
    EXPECT_EQ(result.status, 0) << testing::PrintToString(arguments) << result.err;
    return result;
}

// How many packets passed, if so many are judged.
std::optional<std::uint64_t> accepted(const Station& station, std::size_t judged) {
    const auto total = nlohmann::json::parse(xdpctl(station, {"stats", "--json"}).out)["total"];
    const auto packets = [&](const char* verdict) { return total[verdict]["packets"].get<std::uint64_t>(); };
    return packets("accept") + packets("drop") == judged ? std::optional(packets("accept")) : std::nullopt;
}

}  // namespace

Result<JudgedTable> JudgedTable::read(std::string text) {
    auto parsed = lang::parse_ruleset(text, "table");
    if (!parsed)
        return std::unexpected(parsed.error());
    JudgedTable out(std::move(text), parsed->tables.front());
    std::uint64_t handle = 1;
    for (ruleset::Chain& chain : out.table_.chains)
        for (ruleset::Rule& rule : chain.rules)
            rule.handle = Handle{handle++};
    return out;
}

const ruleset::Chain& JudgedTable::base() const {
    return *std::ranges::find_if(table_.chains, &ruleset::Chain::is_base);
}

std::vector<const ruleset::Rule*> JudgedTable::counting() const {
    std::vector<const ruleset::Rule*> out;
    for (const ruleset::Chain& chain : table_.chains)
        for (const ruleset::Rule& rule : chain.rules)
            if (rule.counter() != nullptr)
                out.push_back(&rule);
    return out;
}

std::optional<Judgement> judge_by_nft(Station& station, const JudgedTable& table, std::span<const Bytes> frames) {
    const CommandResult loaded = station.load_nft(table.text());
    if (loaded.status != 0) {
        ADD_FAILURE() << "nft refuses what xdpctl takes: " << loaded.err << table.text();
        return std::nullopt;
    }
    Judgement out;
    out.passed = station.send(frames);
    out.counts = station.nft_counts(table.table().name);
    return out;
}

std::optional<Judgement> judge_in_test_runs(const JudgedTable& table, kernel::Layer layer,
                                            std::span<const Bytes> frames) {
    auto runner = testrun::Runner::create(table.base(), layer, {}, {}, &table.table(), testrun::Buckets::Emptying);
    if (!runner) {
        ADD_FAILURE() << runner.error().text();
        return std::nullopt;
    }
    Judgement out;
    for (const Bytes& frame : frames) {
        const auto outcome = runner->run(frame);
        if (!outcome) {
            ADD_FAILURE() << outcome.error().text() << hex(frame);
            return std::nullopt;
        }
        if (outcome->verdict == ruleset::Verdict::Accept)
            out.passed.push_back(frame);
    }
    const auto counted = runner->rule_counts();
    if (!counted) {
        ADD_FAILURE() << counted.error().text();
        return std::nullopt;
    }
    const std::map<Handle, Count> by_handle(counted->begin(), counted->end());
    for (const ruleset::Rule* rule : table.counting())
        out.counts.push_back(by_handle.contains(rule->handle) ? by_handle.at(rule->handle) : Count{});
    return out;
}

std::optional<Judgement> judge_on_device(Station& station, const JudgedTable& table, const std::string& mode,
                                         std::span<const Bytes> frames) {
    const CommandResult loaded = station.load_nft();
    EXPECT_EQ(loaded.status, 0) << loaded.err;
    xdpctl(station, {"attach", "eth0", "--mode", mode, "--hook", std::string(ruleset::hook_name(table.base().hook))});
    xdpctl(station, {"apply", "-f", "-"}, table.text());
    EXPECT_THAT(xdpctl(station, {"status"}).out, testing::HasSubstr(" " + mode + " "));
    Judgement out;
    out.passed = station.send(frames, [&] { return accepted(station, frames.size()); });
    const std::string listed = xdpctl(station, {"list", "ruleset"}).out;
    xdpctl(station, {"detach", "eth0"});
    xdpctl(station, {"flush", "ruleset"});
    const auto running = JudgedTable::read(listed);
    if (!running) {
        ADD_FAILURE() << running.error().text();
        return std::nullopt;
    }
    for (const ruleset::Rule* rule : running->counting())
        out.counts.push_back(rule->counter()->start);
    return out;
}

std::string differences(const JudgedTable& table, const Judgement& theirs, const Judgement& ours) {
    const auto rules = table.counting();
    if (theirs.counts.size() != rules.size() || ours.counts.size() != rules.size())
        return fmt::format("{} rules count, nft has {} and xdpctl {} counters\n", rules.size(), theirs.counts.size(),
                           ours.counts.size());
    std::string out;
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const Count &by_them = theirs.counts[i], &by_us = ours.counts[i];
        if (by_them != by_us)
            out += fmt::format("nft counts {} packets, {} bytes, xdpctl {}, {}: {}\n", by_them.packets, by_them.bytes,
                               by_us.packets, by_us.bytes, lang::print_rule(*rules[i]));
    }
    if (theirs.passed == ours.passed)
        return out;
    const auto [by_them, by_us] = std::ranges::mismatch(theirs.passed, ours.passed);
    const auto frame = [](auto at, const auto& frames) { return at == frames.end() ? "none" : hex(*at); };
    return out + fmt::format("of {} frames that pass nft and {} that pass xdpctl these part:\n{}\n{}\n",
                             theirs.passed.size(), ours.passed.size(), frame(by_them, theirs.passed),
                             frame(by_us, ours.passed));
}

}  // namespace xdpctl::test
