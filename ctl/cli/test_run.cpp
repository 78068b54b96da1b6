// SPDX-License-Identifier: BSD-2-Clause
// test-run: what the rules do to the packets of a capture.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "cli/capture.h"
#include "cli/chain_choice.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "kernel/privilege.h"
#include "lang/print.h"
#include "stats/names.h"
#include "testrun/testrun.h"

namespace xdpctl::cli {

namespace {

struct Options {
    ChainChoice choice;
    std::string capture;
    std::string out;
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
    const auto chosen = choose_chain(options.choice);
    if (!chosen)
        return std::unexpected(chosen.error());
    auto runner = create_runner(*chosen, options.choice);
    if (!runner)
        return std::unexpected(std::move(runner).error());
    std::optional<CaptureWriter> accepted;
    if (!options.out.empty()) {
        auto writer = CaptureWriter::create(options.out);
        if (!writer)
            return std::unexpected(std::move(writer).error());
        accepted = std::move(*writer);
    }
    return TestRun(std::move(*runner), rule_texts(*chosen->place.chain), std::move(accepted));
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
    add_chain_options(parser, options->choice);
    parser.add_option("--out", options->out, "Write the accepted packets to this capture")->type_name("FILE");
    return [options](Session& session) { return run(session, *options); };
}

}  // namespace xdpctl::cli
