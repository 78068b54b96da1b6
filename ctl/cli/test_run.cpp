// SPDX-License-Identifier: BSD-2-Clause
// test-run: what the rules do to the packets of a capture.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "cli/capture.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/ruleset_file.h"
#include "cli/terminal.h"
#include "kernel/privilege.h"
#include "lang/print.h"
#include "ruleset/edit.h"
#include "stats/names.h"
#include "testrun/testrun.h"

namespace xdpctl::cli {

namespace {

struct Options {
    std::string ruleset;  // empty: the running one
    std::string interface;
    std::string capture;
    std::string out;
    std::optional<ruleset::Hook> hook;
    std::string mode = "xdp";
};

// What a chain's rules look like, by handle.
using RuleTexts = std::map<Handle, std::string>;

struct Packet {
    std::uint64_t number = 0;  // in the capture, from 1
    std::uint32_t length = 0;  // of the frame on the wire
    struct Judged {
        ruleset::Verdict verdict{};
        xdpctl_reason reason{};
        std::optional<Handle> rule;
        std::string rule_text;
    };
    // Or why the packet could not be run.
    Result<Judged> result;
};

std::string text(const Packet& packet) {
    if (!packet.result)
        return fmt::format("{:>6}  not run: {}\n", packet.number, packet.result.error().text());
    const Packet::Judged& judged = *packet.result;
    const std::string_view verdict = stats::name(judged.verdict);
    const std::string_view reason = stats::name(judged.reason);
    if (!judged.rule)
        return fmt::format("{:>6}  {:<6}  {}\n", packet.number, verdict, reason);
    return fmt::format("{:>6}  {:<6}  {}: {} # handle {}\n", packet.number, verdict, reason, judged.rule_text,
                       std::to_underlying(*judged.rule));
}

nlohmann::json json(const Packet& packet) {
    nlohmann::json out{{"number", packet.number}, {"length", packet.length}};
    if (!packet.result) {
        out["not_run"] = packet.result.error().text();
        return out;
    }
    const Packet::Judged& judged = *packet.result;
    out["verdict"] = stats::name(judged.verdict);
    out["reason"] = stats::name(judged.reason);
    if (judged.rule) {
        out["handle"] = std::to_underlying(*judged.rule);
        out["rule"] = judged.rule_text;
    }
    return out;
}

struct Summary {
    std::uint64_t packets = 0;
    std::uint64_t not_run = 0;
    std::map<std::pair<ruleset::Verdict, xdpctl_reason>, std::uint64_t> judged;

    [[nodiscard]] std::uint64_t total(ruleset::Verdict verdict) const {
        std::uint64_t sum = 0;
        for (const auto& [kind, number] : judged)
            if (kind.first == verdict)
                sum += number;
        return sum;
    }

    void count(const Packet& packet) {
        ++packets;
        if (packet.result)
            ++judged[{packet.result->verdict, packet.result->reason}];
        else
            ++not_run;
    }
};

std::string text(const Summary& summary) {
    std::string out =
        fmt::format("{} packets: {} accepted, {} dropped, {} not run\n", summary.packets,
                    summary.total(ruleset::Verdict::Accept), summary.total(ruleset::Verdict::Drop), summary.not_run);
    for (const auto& [kind, number] : summary.judged)
        out += fmt::format("  {} {}: {}\n", stats::name(kind.first), stats::name(kind.second), number);
    return out;
}

nlohmann::json json(const Summary& summary) {
    nlohmann::json reasons = nlohmann::json::array();
    for (const auto& [kind, number] : summary.judged)
        reasons.push_back(
            {{"verdict", stats::name(kind.first)}, {"reason", stats::name(kind.second)}, {"packets", number}});
    return {{"packets", summary.packets},
            {"accepted", summary.total(ruleset::Verdict::Accept)},
            {"dropped", summary.total(ruleset::Verdict::Drop)},
            {"not_run", summary.not_run},
            {"reasons", std::move(reasons)}};
}

kernel::Layer layer_of(const Options& options) {
    if (options.hook == ruleset::Hook::Egress)
        return kernel::Layer::TcEgress;
    return options.mode == "tc" ? kernel::Layer::TcIngress : kernel::Layer::Xdp;
}

Result<ruleset::Ruleset> load_ruleset(const std::string& path) {
    if (path.empty()) {
        const auto state = open_for_reading();
        if (!state)
            return std::unexpected(state.error());
        return state->ruleset();
    }
    auto ruleset = read_ruleset_file(path);
    if (ruleset)
        XDPCTL_TRY(ruleset::adopt_handles({}, *ruleset));
    return ruleset;
}

// The chain of the hook, and of the interface if there is one.
Result<const ruleset::Chain*> select_chain(const ruleset::Ruleset& ruleset, ruleset::Hook hook,
                                           const std::string& interface) {
    std::vector<const ruleset::Chain*> chains;
    for (const ruleset::Table& table : ruleset.tables)
        for (const ruleset::Chain& chain : table.chains)
            if (chain.hook == hook &&
                (interface.empty() || std::ranges::find(chain.devices, interface) != chain.devices.end()))
                chains.push_back(&chain);
    if (chains.size() == 1)
        return chains.front();
    if (!chains.empty())
        return fail(ErrorKind::Usage, fmt::format("the ruleset has several chains of hook {}", stats::name(hook)), {},
                    "pick one by its interface: --iface IFACE");
    if (interface.empty())
        return fail(ErrorKind::NotFound, fmt::format("the ruleset has no chain of hook {}", stats::name(hook)));
    return fail(ErrorKind::NotFound,
                fmt::format("no chain of hook {} has the device {}", stats::name(hook), interface));
}

RuleTexts rule_texts(const ruleset::Chain& chain) {
    RuleTexts texts;
    for (const ruleset::Rule& rule : chain.rules)
        texts[rule.handle] = lang::print_rule(rule, {.stateless = true, .count = {}});
    return texts;
}

// Writing the result over the capture while it is read would destroy both.
Status check_paths(const Options& options) {
    std::error_code ignored;  // a file that is not there yet
    if (options.out == "-")
        return fail(ErrorKind::Usage, "--out takes a file", "standard output has the verdicts");
    if (!options.out.empty() && std::filesystem::equivalent(options.capture, options.out, ignored))
        return fail(ErrorKind::Usage, "--pcap and --out are the same file");
    return {};
}

class TestRun {
public:
    TestRun(testrun::Runner runner, RuleTexts texts, std::optional<CaptureWriter> accepted)
        : runner_(std::move(runner)), texts_(std::move(texts)), accepted_(std::move(accepted)) {}

    // Errors: those that end the run, not those of one packet.
    Result<Packet> run(std::uint64_t number, const CapturedFrame& frame) {
        Packet packet{number, frame.wire_length, fail(ErrorKind::Input, {})};
        if (frame.bytes.size() < frame.wire_length) {
            packet.result = fail(ErrorKind::Input, fmt::format("the capture has only {} of its {} bytes",
                                                               frame.bytes.size(), frame.wire_length));
            return packet;
        }
        auto outcome = runner_.run(frame.bytes);
        if (!outcome) {
            if (outcome.error().kind != ErrorKind::Input)
                return std::unexpected(std::move(outcome).error());
            packet.result = std::unexpected(std::move(outcome).error());
            return packet;
        }
        if (accepted_ && outcome->verdict == ruleset::Verdict::Accept)
            accepted_->write(frame.time, outcome->frame);
        packet.result = Packet::Judged{outcome->verdict, outcome->reason, outcome->rule,
                                       outcome->rule ? texts_[*outcome->rule] : std::string()};
        return packet;
    }

    Status finish() { return accepted_ ? accepted_->finish() : Status{}; }

private:
    testrun::Runner runner_;
    RuleTexts texts_;
    std::optional<CaptureWriter> accepted_;
};

Result<TestRun> prepare(const Options& options) {
    const auto ruleset = load_ruleset(options.ruleset);
    if (!ruleset)
        return std::unexpected(ruleset.error());
    const auto chain = select_chain(*ruleset, options.hook.value_or(ruleset::Hook::Ingress), options.interface);
    if (!chain)
        return std::unexpected(chain.error());
    auto runner = testrun::Runner::create(**chain, layer_of(options), options.interface);
    if (!runner)
        return std::unexpected(std::move(runner).error());
    std::optional<CaptureWriter> accepted;
    if (!options.out.empty()) {
        auto writer = CaptureWriter::create(options.out);
        if (!writer)
            return std::unexpected(std::move(writer).error());
        accepted = std::move(*writer);
    }
    return TestRun(std::move(*runner), rule_texts(**chain), std::move(accepted));
}

// Runs every packet there is; the summary tells of those before an error too.
Status run_packets(Session& session, TestRun& test_run, CaptureReader& capture) {
    Output::List list(session.output, "packets");
    Summary summary;
    const auto run_all = [&]() -> Status {
        Progress progress;
        for (;;) {
            const auto frame = capture.next();
            if (!frame)
                return std::unexpected(frame.error());
            if (!*frame || !session.output.open())
                return {};
            const auto packet = test_run.run(summary.packets + 1, **frame);
            if (!packet)
                return std::unexpected(packet.error());
            summary.count(*packet);
            list.add(*packet);
            progress.update(summary.packets);
        }
    };
    const Status status = run_all();
    list.finish(summary);
    XDPCTL_TRY(test_run.finish());
    return status;
}

Status run(Session& session, const Options& options) {
    XDPCTL_TRY(check_paths(options));
    auto capture = CaptureReader::open(options.capture);
    if (!capture)
        return std::unexpected(std::move(capture).error());
    XDPCTL_TRY(kernel::require_privileges("run packets through programs"));
    auto test_run = prepare(options);
    if (!test_run)
        return std::unexpected(std::move(test_run).error());
    return run_packets(session, *test_run, *capture);
}

}  // namespace

Action declare_test_run(CLI::App& parser) {
    auto options = std::make_shared<Options>();
    parser.add_option("--pcap", options->capture, "Capture with the packets; - is standard input")
        ->type_name("FILE")
        ->required();
    parser.add_option("--ruleset", options->ruleset, "Use the ruleset of this file instead of the running one")
        ->type_name("FILE");
    parser.add_option("--iface", options->interface, "Use the chain of this interface, as if packets came in there")
        ->type_name("IFACE");
    add_hook_option(parser, options->hook, "ingress (default) or egress");
    parser.add_option("--mode", options->mode, "Run the programs of xdp (default) or tc; egress is always tc")
        ->type_name("MODE")
        ->check(CLI::IsMember({"xdp", "tc"}));
    parser.add_option("--out", options->out, "Write the accepted packets to this capture")->type_name("FILE");
    return [options](Session& session) { return run(session, *options); };
}

}  // namespace xdpctl::cli
