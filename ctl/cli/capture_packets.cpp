// SPDX-License-Identifier: BSD-2-Clause
// capture: judged packets into a pcapng file, with what became of them.
#include <fmt/format.h>

#include <memory>

#include "cli/observe.h"
#include "observe/pcapng.h"

namespace xdpctl::cli {

namespace {

using observe::JudgedAt;
using observe::PcapngWriter;
using observe::Report;

constexpr std::uint32_t ring_size = 16U << 20;

struct Options {
    ObserveOptions observe;
    std::string path;
    std::uint32_t snaplen = XDPCTL_FRAME_MAX;
};

struct Captured {
    std::string path;
    std::uint64_t packets;
    xdpctl_observed counts;
};

std::string text(const Captured& captured) {
    return fmt::format("{}: {} packets, {} left out by the sample, {} lost\n", captured.path, captured.packets,
                       captured.counts.unsampled, captured.counts.lost);
}

nlohmann::json json(const Captured& captured) {
    return {{"file", captured.path},
            {"packets", captured.packets},
            {"unsampled", captured.counts.unsampled},
            {"lost", captured.counts.lost}};
}

JudgedAt judged_at(kernel::Layer layer) {
    return layer == kernel::Layer::Xdp || layer == kernel::Layer::XdpExtension ? JudgedAt::Xdp : JudgedAt::Tc;
}

observe::Time now() {
    return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
}

Status run(Session& session, Options options) {
    ObserveOptions& observe = options.observe;
    if (!observe.drops && !observe.accepts) {
        observe.drops = true;
        observe.accepts = true;
    }
    kernel::ObserverRequest request;
    request.snaplen = options.snaplen;
    request.buffer = ring_size;
    auto observation = Observation::start(session, observe, std::move(request));
    if (!observation)
        return std::unexpected(std::move(observation).error());
    auto writer = PcapngWriter::create(options.path, XDPCTL_VERSION, observation->filter(), options.snaplen);
    if (!writer)
        return std::unexpected(std::move(writer).error());

    const observe::Time started = now();
    std::uint64_t packets = 0;
    const auto is_done = [&] { return observe.count != 0 && packets >= observe.count; };
    const Observation::Handlers handlers{.packet =
                                             [&](const Report& report, const xdpctl_event& event) {
                                                 if (is_done())
                                                     return;
                                                 writer->write(report,
                                                               judged_at(observation->observer().layer(event.chain)));
                                                 ++packets;
                                             },
                                         .tick = [&]() -> Result<bool> {
                                             if (Status flushed = writer->flush(); !flushed)
                                                 return std::unexpected(std::move(flushed).error());
                                             auto refreshed = observation->observer().refresh();
                                             if (!refreshed)
                                                 return refreshed;
                                             return true;
                                         }};
    XDPCTL_TRY(observation->run(handlers, is_done));
    const auto counts = observation->observer().counts();
    if (!counts)
        return std::unexpected(counts.error());
    XDPCTL_TRY(writer->finish({.started = started,
                               .ended = now(),
                               .received = counts->reported + counts->unsampled + counts->lost,
                               .lost = counts->lost}));
    const Captured captured{options.path, packets, *counts};
    if (options.path != "-")
        session.output.confirm(captured);
    else if (counts->lost != 0)
        session.output.warn(fmt::format("{} packets were lost", counts->lost));
    return {};
}

}  // namespace

Action declare_capture(CLI::App& parser) {
    auto options = std::make_shared<Options>();
    parser.add_option("-w,--write", options->path, "File to write, - for standard output")
        ->type_name("FILE")
        ->required();
    add_observe_options(parser, options->observe);
    parser.add_option("-s,--snaplen", options->snaplen, "At most N bytes of every frame")
        ->type_name("N")
        ->check(CLI::Range(1U, unsigned{XDPCTL_FRAME_MAX}));
    return [options](Session& session) { return run(session, *options); };
}

}  // namespace xdpctl::cli
