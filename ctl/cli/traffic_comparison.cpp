// SPDX-License-Identifier: BSD-2-Clause
#include "cli/traffic_comparison.h"

#include <algorithm>

#include "cli/rule_reference.h"
#include "packet/describe.h"
#include "stats/names.h"

namespace xdpctl::cli {

namespace {

constexpr std::size_t examples_max = 3;  // of each flip

}  // namespace

Result<Judge> Judge::create(const NamedRuleset& in, ruleset::Hook hook, const std::string& interface,
                            kernel::Layer layer) {
    const auto place = select_chain(in.ruleset, hook, interface);
    if (!place && place.error().kind == ErrorKind::NotFound)
        return Judge(in, nullptr, std::nullopt);
    if (!place)
        return std::unexpected(place.error());
    auto runner = create_runner(*place, layer, interface);
    if (!runner)
        return std::unexpected(std::move(runner).error());
    return Judge(in, place->table, std::move(*runner));
}

Result<Judge::Judgement> Judge::judge(std::span<const std::byte> frame) {
    if (!runner_)
        return Judgement{ruleset::Verdict::Accept, "no chain", {}};
    const auto outcome = runner_->run(frame);
    if (!outcome)
        return std::unexpected(outcome.error());
    return Judgement{outcome->verdict, origin(*outcome), packet::describe(outcome->packet, frame)};
}

std::string Judge::origin(const testrun::Outcome& outcome) const {
    const ruleset::Rule* rule = outcome.rule ? find_rule(*table_, *outcome.rule) : nullptr;
    return rule != nullptr ? reference(*rule, *in_) : std::string(stats::name(outcome.reason));
}

Status TrafficComparison::add(std::span<const std::byte> frame, std::uint32_t wire_length) {
    ++packets_;
    if (frame.size() < wire_length) {
        ++not_run_;
        return {};
    }
    const auto before = before_.judge(frame);
    const auto after = before ? after_.judge(frame) : before;
    if (!after) {
        if (after.error().kind != ErrorKind::Input)
            return std::unexpected(after.error());
        ++not_run_;
        return {};
    }
    if (before->verdict == after->verdict)
        return {};
    Flip& flip = flips_[{after->verdict, before->origin, after->origin}];
    flip.verdict = after->verdict;
    flip.before = before->origin;
    flip.after = after->origin;
    ++flip.packets;
    const std::string& packet = before->packet.empty() ? after->packet : before->packet;
    if (flip.examples.size() < examples_max && std::ranges::find(flip.examples, packet) == flip.examples.end())
        flip.examples.push_back(packet);
    return {};
}

std::uint64_t TrafficComparison::flipped() const {
    std::uint64_t sum = 0;
    for (const auto& [key, flip] : flips_)
        sum += flip.packets;
    return sum;
}

std::vector<Flip> TrafficComparison::flips() const {
    std::vector<Flip> out;
    for (const auto& [key, flip] : flips_)
        out.push_back(flip);
    std::ranges::stable_sort(out, std::greater(), &Flip::packets);
    return out;
}

}  // namespace xdpctl::cli
