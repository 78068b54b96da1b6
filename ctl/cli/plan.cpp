// SPDX-License-Identifier: BSD-2-Clause
// plan: what applying a file would change, in the rules and for traffic. Changes nothing.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "cli/capture.h"
#include "cli/found.h"
#include "cli/options.h"
#include "cli/rule_reference.h"
#include "cli/ruleset_file.h"
#include "cli/traffic_comparison.h"
#include "cli/traffic_sample.h"
#include "kernel/interface.h"
#include "plan/difference.h"
#include "ruleset/edit.h"
#include "stats/names.h"

namespace xdpctl::cli {

namespace {

using plan::ChainDifference;
using plan::RuleChange;
using plan::SetDifference;

struct Options {
    std::string path;
    std::string capture;
    std::string interface;
    std::optional<ruleset::Hook> hook;
    std::string mode = "xdp";
    double sample = 0;  // seconds; 0: no sample
    std::uint64_t packets_max = 1000000;
};

struct Traffic {
    std::string from;  // the capture, or the interface
    std::uint64_t packets = 0;
    std::uint64_t not_run = 0;
    std::uint64_t flipped = 0;
    std::vector<Flip> flips;
};

struct Plan {
    const NamedRuleset* running = nullptr;
    const NamedRuleset* next = nullptr;
    std::vector<ChainDifference> chains;  // only those that differ
    std::vector<SetDifference> sets;
    std::size_t kept = 0;
    std::size_t added = 0;
    std::size_t removed = 0;
    std::size_t moved = 0;
    std::vector<Traffic> traffic;
    std::uint64_t missed = 0;  // packets of a sample that came too fast

    [[nodiscard]] bool differs() const { return !chains.empty() || !sets.empty(); }
};

std::string_view word(RuleChange::Kind kind) {
    switch (kind) {
    case RuleChange::Kind::Added:
        return "added";
    case RuleChange::Kind::Removed:
        return "removed";
    case RuleChange::Kind::Moved:
        return "moved";
    }
    return {};
}

std::string text(const RuleChange& change, const Plan& plan) {
    switch (change.kind) {
    case RuleChange::Kind::Added:
        return fmt::format("  + rule {}: {}\n", change.after, unnumbered_reference(*change.rule, *plan.next));
    case RuleChange::Kind::Removed:
        return fmt::format("  - rule {}: {}\n", change.before, reference(*change.rule, *plan.running));
    case RuleChange::Kind::Moved:
        return fmt::format("  > rule {} becomes {}: {}\n", change.before, change.after,
                           reference(*change.rule, *plan.next));
    }
    return {};
}

std::string text(const ChainDifference& difference, const Plan& plan) {
    const ruleset::Chain& chain = difference.chain();
    std::string out = fmt::format("chain netdev {} {}", difference.table, chain.name);
    if (chain.is_base)
        out += fmt::format(", hook {}", stats::name(chain.hook));
    if (difference.before == nullptr || difference.after == nullptr)
        out += fmt::format(": {}", difference.before == nullptr ? "new" : "removed");
    out += "\n";
    if (difference.before == nullptr && chain.is_base)
        out += fmt::format("  + policy {}\n", stats::name(chain.policy));
    if (difference.policy_changes())
        out += fmt::format("  policy {} becomes {}\n", stats::name(difference.before->policy),
                           stats::name(difference.after->policy));
    if (difference.priority_changes())
        out += fmt::format("  priority {} becomes {}\n", difference.before->priority, difference.after->priority);
    for (const std::string& device : difference.devices_added)
        out += fmt::format("  + device {}\n", device);
    for (const std::string& device : difference.devices_removed)
        out += fmt::format("  - device {}\n", device);
    for (const RuleChange& change : difference.rules)
        out += text(change, plan);
    return out;
}

// "added", "removed", "changed"
template <typename Difference>
std::string_view change_word(const Difference& difference) {
    return difference.before == nullptr ? "added" : difference.after == nullptr ? "removed" : "changed";
}

std::string text(const SetDifference& difference) {
    return fmt::format("set netdev {} {}: {}, {} elements added, {} removed\n", difference.table, difference.set().name,
                       change_word(difference), difference.elements_added, difference.elements_removed);
}

std::string text(const Traffic& traffic) {
    std::string out =
        fmt::format("{} packets from {}: {} would get another verdict", traffic.packets, traffic.from, traffic.flipped);
    if (traffic.not_run > 0)
        out += fmt::format(", {} could not be run", traffic.not_run);
    out += "\n";
    for (const Flip& flip : traffic.flips) {
        out += fmt::format("  {} would be {}\n    now by {}\n    then by {}\n", flip.packets,
                           flip.verdict == ruleset::Verdict::Accept ? "accepted" : "dropped", flip.before, flip.after);
        for (const std::string& example : flip.examples)
            out += fmt::format("      {}\n", example);
    }
    return out;
}

std::string text(const Plan& plan) {
    std::string out;
    for (const SetDifference& difference : plan.sets)
        out += text(difference);
    for (const ChainDifference& difference : plan.chains)
        out += text(difference, plan);
    out += fmt::format("{}: {} rules added, {} removed, {} moved, {} kept\n", plan.differs() ? "plan" : "no difference",
                       plan.added, plan.removed, plan.moved, plan.kept);
    for (const Traffic& traffic : plan.traffic)
        out += text(traffic);
    if (plan.missed > 0)
        out += fmt::format("{} more packets came too fast to be compared\n", plan.missed);
    return out;
}

nlohmann::json json(const RuleChange& change, const Plan& plan) {
    const NamedRuleset& in = change.kind == RuleChange::Kind::Removed ? *plan.running : *plan.next;
    nlohmann::json out = rule_json(*change.rule, in);
    out["change"] = word(change.kind);
    if (change.before != 0)
        out["before"] = change.before;
    if (change.after != 0)
        out["after"] = change.after;
    if (change.kind == RuleChange::Kind::Added)
        out.erase("handle");  // it gets one when it is applied
    return out;
}

nlohmann::json json(const ChainDifference& difference, const Plan& plan) {
    nlohmann::json out{{"table", difference.table},
                       {"chain", difference.chain().name},
                       {"hook", stats::name(difference.chain().hook)},
                       {"change", change_word(difference)},
                       {"devices_added", difference.devices_added},
                       {"devices_removed", difference.devices_removed}};
    if (difference.before == nullptr || difference.policy_changes())
        out["policy"] = stats::name(difference.after->policy);
    if (difference.priority_changes())
        out["priority"] = difference.after->priority;
    out["rules"] = nlohmann::json::array();
    for (const RuleChange& change : difference.rules)
        out["rules"].push_back(json(change, plan));
    return out;
}

nlohmann::json json(const SetDifference& difference) {
    return {{"table", difference.table},
            {"set", difference.set().name},
            {"change", change_word(difference)},
            {"elements_added", difference.elements_added},
            {"elements_removed", difference.elements_removed}};
}

nlohmann::json json(const Traffic& traffic) {
    nlohmann::json flips = nlohmann::json::array();
    for (const Flip& flip : traffic.flips)
        flips.push_back({{"verdict", stats::name(flip.verdict)},
                         {"before", flip.before},
                         {"after", flip.after},
                         {"packets", flip.packets},
                         {"examples", flip.examples}});
    return {{"from", traffic.from},
            {"packets", traffic.packets},
            {"not_run", traffic.not_run},
            {"flipped", traffic.flipped},
            {"flips", std::move(flips)}};
}

nlohmann::json json(const Plan& plan) {
    nlohmann::json chains = nlohmann::json::array();
    for (const ChainDifference& difference : plan.chains)
        chains.push_back(json(difference, plan));
    nlohmann::json sets = nlohmann::json::array();
    for (const SetDifference& difference : plan.sets)
        sets.push_back(json(difference));
    nlohmann::json traffic = nlohmann::json::array();
    for (const Traffic& one : plan.traffic)
        traffic.push_back(json(one));
    return {{"differs", plan.differs()}, {"rules_added", plan.added},     {"rules_removed", plan.removed},
            {"rules_moved", plan.moved}, {"rules_kept", plan.kept},       {"chains", std::move(chains)},
            {"sets", std::move(sets)},   {"traffic", std::move(traffic)}, {"missed", plan.missed}};
}

Plan compare(const NamedRuleset& running, const NamedRuleset& next) {
    Plan plan;
    plan.running = &running;
    plan.next = &next;
    plan.sets = plan::set_difference(running.ruleset, next.ruleset);
    for (ChainDifference& difference : plan::difference(running.ruleset, next.ruleset)) {
        plan.kept += difference.kept;
        for (const RuleChange& change : difference.rules)
            ++(change.kind == RuleChange::Kind::Added     ? plan.added
               : change.kind == RuleChange::Kind::Removed ? plan.removed
                                                          : plan.moved);
        if (!difference.empty())
            plan.chains.push_back(std::move(difference));
    }
    return plan;
}

Result<TrafficComparison> comparison(const NamedRuleset& running, const NamedRuleset& next, ruleset::Hook hook,
                                     const std::string& interface, kernel::Layer layer) {
    auto before = Judge::create(running, hook, interface, layer);
    if (!before)
        return std::unexpected(std::move(before).error());
    auto after = Judge::create(next, hook, interface, layer);
    if (!after)
        return std::unexpected(std::move(after).error());
    return TrafficComparison(std::move(*before), std::move(*after));
}

Traffic traffic_of(std::string from, const TrafficComparison& comparison) {
    return {std::move(from), comparison.packets(), comparison.not_run(), comparison.flipped(), comparison.flips()};
}

// The interface that a capture's packets are taken to come in on: the one that is named, or the only chain's first.
Result<std::string> capture_interface(const Options& options, const NamedRuleset& running, const NamedRuleset& next) {
    if (!options.interface.empty())
        return options.interface;
    const auto hook = options.hook.value_or(ruleset::Hook::Ingress);
    auto place = select_chain(next.ruleset, hook, {});
    if (!place && place.error().kind == ErrorKind::NotFound)
        place = select_chain(running.ruleset, hook, {});
    if (!place)
        return std::unexpected(std::move(place).error());
    return place->chain->devices.empty() ? std::string() : place->chain->devices.front();
}

Status compare_capture(Session& session, const Options& options, CaptureReader& capture, Plan& plan) {
    const auto interface = capture_interface(options, *plan.running, *plan.next);
    if (!interface)
        return std::unexpected(interface.error());
    const auto hook = options.hook.value_or(ruleset::Hook::Ingress);
    auto packets = comparison(*plan.running, *plan.next, hook, *interface, layer_of(hook, options.mode));
    if (!packets)
        return std::unexpected(std::move(packets).error());
    while (session.output.open() && packets->packets() < options.packets_max) {
        const auto frame = capture.next();
        if (!frame)
            return std::unexpected(frame.error());
        if (!*frame)
            break;
        XDPCTL_TRY(packets->add((*frame)->bytes, (*frame)->wire_length));
    }
    plan.traffic.push_back(traffic_of(options.capture, *packets));
    return {};
}

// Every interface that a chain of either ruleset has and that is here.
Result<std::vector<TrafficSample::Source>> sources_of(const Options& options, const Plan& plan) {
    std::vector<TrafficSample::Source> sources;
    const auto add = [&](const ruleset::Chain& chain) {
        for (const std::string& device : chain.devices) {
            const bool is_known = std::ranges::any_of(sources, [&](const TrafficSample::Source& source) {
                return source.interface == device && source.hook == chain.hook;
            });
            const bool is_asked = (options.interface.empty() || options.interface == device) &&
                                  options.hook.value_or(chain.hook) == chain.hook;
            if (!is_known && is_asked && kernel::find_interface(device))
                sources.push_back({device, chain.hook});
        }
    };
    for (const NamedRuleset* in : {plan.running, plan.next})
        for (const ruleset::Table& table : in->ruleset.tables)
            for (const ruleset::Chain& chain : table.chains)
                add(chain);
    if (sources.empty())
        return fail(ErrorKind::NotFound, "there is no interface to sample traffic on", {},
                    "both rulesets' interfaces are sampled, if they exist");
    return sources;
}

Status sample_traffic(Session& session, const Options& options, Plan& plan) {
    auto sources = sources_of(options, plan);
    if (!sources)
        return std::unexpected(std::move(sources).error());
    std::vector<TrafficComparison> comparisons;
    for (const TrafficSample::Source& source : *sources) {
        auto packets =
            comparison(*plan.running, *plan.next, source.hook, source.interface, layer_of(source.hook, options.mode));
        if (!packets)
            return std::unexpected(std::move(packets).error());
        comparisons.push_back(std::move(*packets));
    }
    auto sample = TrafficSample::open(std::move(*sources), session.lock_timeout);
    if (!sample)
        return std::unexpected(std::move(sample).error());
    if (const auto& blind = sample->blind())
        session.output.warn(fmt::format("packets that the running ruleset drops are not in the sample: {}",
                                        blind->cause.empty() ? blind->what : blind->cause));
    std::uint64_t left = options.packets_max;
    const auto compare_packet = [&](std::size_t source, std::span<const std::byte> frame,
                                    std::uint32_t length) -> Result<bool> {
        XDPCTL_TRY(comparisons[source].add(frame, length));
        return --left > 0 && session.output.open();
    };
    const std::chrono::duration<double> time(options.sample);
    XDPCTL_TRY(sample->run(std::chrono::duration_cast<LiveCapture::Clock::duration>(time), compare_packet));
    plan.missed = sample->lost();
    for (std::size_t i = 0; i < comparisons.size(); ++i) {
        const TrafficSample::Source& source = sample->sources()[i];
        plan.traffic.push_back(
            traffic_of(fmt::format("{} ({})", source.interface, stats::name(source.hook)), comparisons[i]));
    }
    return {};
}

Status run(Session& session, const Options& options) {
    if (options.sample != 0 && !(options.sample >= 0.01 && options.sample <= 86400))
        return fail(ErrorKind::Usage, "--sample takes a time between 10ms and a day");
    auto parsed = parse_ruleset_file(options.path);
    if (!parsed)
        return std::unexpected(std::move(parsed).error());
    std::optional<CaptureReader> capture;
    if (!options.capture.empty()) {
        auto opened = CaptureReader::open(options.capture);
        if (!opened)
            return std::unexpected(std::move(opened).error());
        capture = std::move(*opened);
    }
    const auto running = load_ruleset({});
    if (!running)
        return std::unexpected(running.error());
    NamedRuleset next{std::move(parsed->ruleset), std::move(parsed->sources)};
    XDPCTL_TRY(ruleset::adopt_handles(running->ruleset, next.ruleset));
    XDPCTL_TRY(compiled_size(next.ruleset));

    Plan plan = compare(*running, next);
    if (capture)
        XDPCTL_TRY(compare_capture(session, options, *capture, plan));
    if (options.sample != 0)
        XDPCTL_TRY(sample_traffic(session, options, plan));
    session.output.show(plan);
    return plan.differs() ? Status(found()) : Status();
}

}  // namespace

Action declare_plan(CLI::App& parser) {
    auto options = std::make_shared<Options>();
    parser.add_option("FILE", options->path, "Ruleset file; - is standard input")->type_name("")->required();
    auto* capture = parser.add_option("--pcap", options->capture, "Compare the verdicts of this capture's packets")
                        ->type_name("FILE");
    parser.add_option("--sample", options->sample, "Compare the verdicts of the packets that pass in this time")
        ->type_name("TIME")
        ->transform(CLI::AsNumberWithUnit(std::map<std::string, double>{{"ms", 0.001}, {"s", 1}, {"m", 60}},
                                          CLI::AsNumberWithUnit::CASE_INSENSITIVE))
        ->excludes(capture);
    parser.add_option("--max", options->packets_max, "Compare so many packets at most")
        ->type_name("N")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    parser.add_option("--iface", options->interface, "Compare the packets of this interface only")->type_name("IFACE");
    add_hook_option(parser, options->hook, "Compare the packets of this hook: ingress or egress");
    parser.add_option("--mode", options->mode, "Run the programs of xdp (default) or tc; egress is always tc")
        ->type_name("MODE")
        ->check(CLI::IsMember({"xdp", "tc"}));
    return [options](Session& session) { return run(session, *options); };
}

}  // namespace xdpctl::cli
