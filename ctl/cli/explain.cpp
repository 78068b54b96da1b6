// SPDX-License-Identifier: BSD-2-Clause
// explain: why packets get their verdicts. They are described in words, read from a capture, or caught on an interface.
#include <fmt/format.h>
#include <poll.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <memory>
#include <optional>

#include "cli/capture.h"
#include "cli/chain_choice.h"
#include "cli/command.h"
#include "cli/explanation.h"
#include "cli/live_capture.h"
#include "kernel/privilege.h"
#include "packet/build.h"
#include "packet/parse.h"

namespace xdpctl::cli {

namespace {

struct Options {
    ChainChoice choice;
    std::vector<std::string> words;
    std::string capture;
    std::uint64_t number = 0;  // of the packet in the capture; 0: all
    std::string expression;
    bool live = false;
    double timeout = 10;
    bool all = false;
};

// One packet that was asked about, or why it could not be run.
struct Answer {
    std::uint64_t number = 0;  // from 1
    Result<Explanation> result;
};

std::string text(const Answer& answer) {
    const std::string_view separator = answer.number > 1 ? "\n" : "";
    if (!answer.result)
        return fmt::format("{}packet {}\n  not run: {}\n", separator, answer.number, answer.result.error().text());
    return fmt::format("{}{}", separator, text(*answer.result));
}

nlohmann::json json(const Answer& answer) {
    nlohmann::json out =
        answer.result ? json(*answer.result) : nlohmann::json{{"not_run", answer.result.error().text()}};
    out["number"] = answer.number;
    return out;
}

struct Summary {
    std::uint64_t packets = 0;
    std::uint64_t not_run = 0;
    std::uint64_t disagreements = 0;
};

std::string text(const Summary&) {
    return {};
}

nlohmann::json json(const Summary& summary) {
    return {{"packets", summary.packets}, {"not_run", summary.not_run}, {"disagreements", summary.disagreements}};
}

// Arguments with a space in them are packets, words without are those of one.
std::vector<std::string> described_packets(const std::vector<std::string>& words) {
    std::vector<std::string> packets;
    std::string single;
    for (const std::string& word : words) {
        if (word.find(' ') != std::string::npos && !word.starts_with('"'))
            packets.push_back(word);
        else
            single += (single.empty() ? "" : " ") + word;
    }
    if (!single.empty())
        packets.push_back(single);
    return packets;
}

// Shows answers as they come, and sums them up.
class Answers {
public:
    Answers(Session& session, const Options& options, Explainer& explainer)
        : options_(options), explainer_(explainer), list_(session.output, "packets") {}

    // Errors: those that end the run, not those of one packet.
    Status answer(std::span<const std::byte> frame, std::uint64_t wire_length) {
        Answer answer{++summary_.packets, fail(ErrorKind::Input, {})};
        if (frame.size() < wire_length)
            answer.result = fail(ErrorKind::Input,
                                 fmt::format("the capture has only {} of its {} bytes", frame.size(), wire_length));
        else
            answer.result = explainer_.explain(frame);
        if (!answer.result && answer.result.error().kind != ErrorKind::Input)
            return std::unexpected(answer.result.error());
        if (answer.result) {
            answer.result->lists_all = options_.all;
            summary_.disagreements += answer.result->agrees() ? 0 : 1;
        } else {
            ++summary_.not_run;
        }
        list_.add(answer);
        return {};
    }

    // Errors: Failed when model and programs disagree.
    Status finish() {
        list_.finish(summary_);
        if (summary_.disagreements > 0)
            return fail(ErrorKind::Failed,
                        fmt::format("the programs and the model disagree about {} of {} packets",
                                    summary_.disagreements, summary_.packets),
                        "one of both is wrong", "please report it with the ruleset and the packets");
        return {};
    }

private:
    const Options& options_;
    Explainer& explainer_;
    Output::List list_;
    Summary summary_;
};

Result<std::vector<packet::Bytes>> read_words(const std::vector<std::string>& words) {
    std::vector<packet::Bytes> frames;
    for (const std::string& text : described_packets(words)) {
        const auto packet = packet::parse(text, "<command line>");
        if (!packet)
            return std::unexpected(packet.error());
        frames.push_back(packet::build(*packet));
    }
    return frames;
}

Status explain_capture(const Options& options, CaptureReader& capture, Session& session, Answers& answers) {
    for (std::uint64_t number = 1; session.output.open(); ++number) {
        const auto frame = capture.next();
        if (!frame)
            return std::unexpected(frame.error());
        if (!*frame && number <= options.number)
            return fail(ErrorKind::NotFound,
                        fmt::format("{} has {} packets, not {}", options.capture, number - 1, options.number));
        if (!*frame || (options.number != 0 && number > options.number))
            break;
        if (options.number == 0 || number == options.number)
            XDPCTL_TRY(answers.answer((*frame)->bytes, (*frame)->wire_length));
    }
    return {};
}

Status explain_live(const Options& options, LiveCapture& capture, Answers& answers) {
    using std::chrono::milliseconds;
    const auto wait = std::chrono::duration_cast<milliseconds>(std::chrono::duration<double>(options.timeout));
    const auto deadline = LiveCapture::Clock::now() + wait;
    for (;;) {
        const auto frame = capture.next();
        if (!frame)
            return std::unexpected(frame.error());
        if (*frame)
            return answers.answer((*frame)->bytes, (*frame)->wire_length);
        const auto left = std::chrono::ceil<milliseconds>(deadline - LiveCapture::Clock::now());
        if (left <= milliseconds::zero())
            return fail(ErrorKind::NotFound,
                        fmt::format("no such packet on {} in {} seconds", options.choice.interface, options.timeout),
                        {}, "--timeout SECONDS waits longer");
        pollfd descriptor{.fd = capture.descriptor(), .events = POLLIN, .revents = 0};
        poll(&descriptor, 1, static_cast<int>(left.count()));
    }
}

Status check_options(const Options& options) {
    const int sources = (options.words.empty() ? 0 : 1) + (options.capture.empty() ? 0 : 1) + (options.live ? 1 : 0);
    if (sources != 1)
        return fail(ErrorKind::Usage, sources == 0 ? "no packet is named" : "packets come from one place", {},
                    "describe packets in words, or use --pcap FILE, or --live EXPRESSION");
    if (options.live && options.choice.interface.empty())
        return fail(ErrorKind::Usage, "--live needs an interface", {}, "name it: --iface IFACE");
    if (options.number != 0 && options.capture.empty())
        return fail(ErrorKind::Usage, "-n counts the packets of a capture", {}, "name it: --pcap FILE");
    return {};
}

// What the programs drop before it comes to AF_PACKET cannot be caught there.
void warn_about_drops(Session& session, const Options& options) {
    if (layer_of(options.choice) != kernel::Layer::TcIngress)
        session.output.warn(
            fmt::format("packets that are dropped at XDP or at egress come to no capture: while xdpctl is "
                        "attached to {}, only accepted ones are seen there",
                        options.choice.interface));
}

Status run(Session& session, const Options& options) {
    XDPCTL_TRY(check_options(options));
    const auto described = read_words(options.words);
    if (!described)
        return std::unexpected(described.error());
    std::optional<CaptureReader> capture;
    if (!options.capture.empty()) {
        auto opened = CaptureReader::open(options.capture);
        if (!opened)
            return std::unexpected(std::move(opened).error());
        capture = std::move(*opened);
    }
    XDPCTL_TRY(kernel::require_privileges("run packets through programs"));
    const auto chosen = choose_chain(options.choice);
    if (!chosen)
        return std::unexpected(chosen.error());
    auto explainer = Explainer::create(*chosen, options.choice);
    if (!explainer)
        return std::unexpected(std::move(explainer).error());
    std::optional<LiveCapture> live;
    if (options.live) {
        auto opened = LiveCapture::open(options.choice.interface, chosen->place.chain->hook, options.expression);
        if (!opened)
            return std::unexpected(std::move(opened).error());
        live = std::move(*opened);
        warn_about_drops(session, options);
    }

    Answers answers(session, options, *explainer);
    Status status;
    for (const packet::Bytes& frame : *described)
        if (status)
            status = answers.answer(frame, frame.size());
    if (capture)
        status = explain_capture(options, *capture, session, answers);
    if (live)
        status = explain_live(options, *live, answers);
    const Status finished = answers.finish();
    return status ? finished : status;
}

}  // namespace

Action declare_explain(CLI::App& parser) {
    auto options = std::make_shared<Options>();
    parser.add_option("PACKET", options->words, "Packets in words: 'tcp 192.0.2.1:1234 > 198.51.100.7:22'")
        ->type_name("");
    add_chain_options(parser, options->choice);
    parser.add_option("--pcap", options->capture, "Capture with the packets; - is standard input")->type_name("FILE");
    parser.add_option("-n,--number", options->number, "Only this packet of the capture, counted from 1")
        ->type_name("N")
        ->check(CLI::PositiveNumber);
    parser
        .add_option_function<std::string>(
            "--live",
            [options](const std::string& expression) {
                options->live = true;
                options->expression = expression;
            },
            "The next packet on the interface that this expression of libpcap matches")
        ->type_name("EXPRESSION");
    parser.add_option("--timeout", options->timeout, "How long to wait for a live packet")
        ->type_name("SECONDS")
        ->check(CLI::Range(0.001, 86400.0))
        ->capture_default_str();
    parser.add_flag("--all", options->all, "List all rules that nearly matched, not only the first ones");
    return [options](Session& session) { return run(session, *options); };
}

}  // namespace xdpctl::cli
