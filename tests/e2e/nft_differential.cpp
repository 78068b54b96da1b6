// SPDX-License-Identifier: BSD-2-Clause
#include "e2e/nft_differential.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "e2e/nft_differences.h"
#include "support/random_frame.h"
#include "support/random_table.h"

namespace xdpctl::test {

namespace {

using ruleset::Hook;

// What two judges say differently, with one frame that shows it.
std::string parting(const JudgedTable& table, std::span<const Bytes> frames, const Judge& theirs, const Judge& ours) {
    const auto part = [&](std::span<const Bytes> some) { return theirs(table, some) != ours(table, some); };
    while (frames.size() > 1) {
        const auto first = frames.first(frames.size() / 2);
        frames = part(first) ? first : frames.subspan(first.size());
    }
    const auto by_them = theirs(table, frames), by_us = ours(table, frames);
    if (!by_them || !by_us || *by_them == *by_us)
        return "no frame alone shows it\n";
    return "frame " + hex(frames.front()) + "\n" + differences(table, *by_them, *by_us);
}

}  // namespace

std::vector<Bytes> frames_for(std::mt19937& random, const JudgedTable& judged, std::size_t count) {
    ruleset::Table table = judged.table();
    // all_values() takes the first chain for the base.
    std::iter_swap(std::ranges::find_if(table.chains, &ruleset::Chain::is_base), table.chains.begin());
    const ruleset::Chain all = all_values(table);
    ruleset::Chain one = all;
    std::vector<Bytes> out;
    while (out.size() < count) {
        const bool is_for_one = !all.rules.empty() && out.size() % 2 == 0;
        if (is_for_one)
            one.rules = {all.rules[random() % all.rules.size()]};
        if (Bytes frame = random_frame(random, is_for_one ? one : all); !may_differ(frame, judged.base().hook))
            out.push_back(std::move(frame));
    }
    return out;
}

JudgedTable judged_table(std::string text) {
    auto table = JudgedTable::read(std::move(text));
    if (!table)
        throw std::logic_error("xdpctl does not take the table: " + table.error().text());
    return *std::move(table);
}

void NftDifferential::SetUp() {
    if (!has_nft())
        GTEST_SKIP() << "nft is not installed";
}

Station& NftDifferential::station(Hook hook, const std::string& judge) {
    const auto sink = judge == "generic" ? Station::Sink::Device : Station::Sink::Wire;
    return stations_.try_emplace({hook, judge}, hook, sink).first->second;
}

Judge NftDifferential::by_nft() {
    return [this](const JudgedTable& table, std::span<const Bytes> frames) {
        return judge_by_nft(station(table.base().hook, "nft"), table, frames);
    };
}

Judge NftDifferential::on_device(const std::string& mode) {
    return [this, mode](const JudgedTable& table, std::span<const Bytes> frames) {
        return judge_on_device(station(table.base().hook, mode), table, mode, frames);
    };
}

std::vector<Judge> NftDifferential::at_layers(Hook hook) {
    if (hook == Hook::Egress)
        return {on_device("tc")};
    std::vector<Judge> out;
    for (const kernel::Layer layer : {kernel::Layer::Xdp, kernel::Layer::TcIngress})
        out.emplace_back([layer](const JudgedTable& table, std::span<const Bytes> frames) {
            return judge_in_test_runs(table, layer, frames);
        });
    return out;
}

std::optional<Judgement> NftDifferential::compare(const JudgedTable& table, std::span<const Bytes> frames,
                                                  const std::vector<Judge>& judges, const std::string& source) {
    const auto theirs = by_nft()(table, frames);
    for (const Judge& judge : judges) {
        const auto ours = judge(table, frames);
        if (!theirs || !ours || *theirs == *ours)
            continue;
        ADD_FAILURE() << source << "\n"
                      << differences(table, *theirs, *ours) << parting(table, frames, by_nft(), judge) << table.text();
        break;
    }
    return theirs;
}

}  // namespace xdpctl::test
