// SPDX-License-Identifier: BSD-2-Clause
// xdpctl-exporter: serves the counters to Prometheus until it is told to stop, or prints them once.
#include <fmt/format.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/change.h"
#include "cli/command.h"
#include "cli/exporter_options.h"
#include "cli/run.h"
#include "exporter/collector.h"
#include "exporter/server.h"

namespace xdpctl::cli {

namespace {

struct Listening {
    std::string address;
};

std::string text(const Listening& listening) {
    return fmt::format("serving http://{}/metrics\n", listening.address);
}

nlohmann::json json(const Listening& listening) {
    return {{"listening", listening.address}};
}

struct Metrics {
    std::string content;
};

std::string text(const Metrics& metrics) {
    return metrics.content;
}

nlohmann::json json(const Metrics& metrics) {
    return {{"metrics", metrics.content}};
}

// The signals that end the command, blocked in every thread made while one exists.
class StopSignals {
public:
    StopSignals() {
        sigemptyset(&signals_);
        for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT})
            sigaddset(&signals_, signal);
        pthread_sigmask(SIG_BLOCK, &signals_, &previous_);
    }
    ~StopSignals() { pthread_sigmask(SIG_SETMASK, &previous_, nullptr); }
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;

    void wait() const {
        while (sigwaitinfo(&signals_, nullptr) < 0 && errno == EINTR) {
        }
    }

private:
    sigset_t signals_;
    sigset_t previous_;
};

Status serve(Session& session, const ExporterOptions& options) {
    const StopSignals signals;
    std::unique_ptr<kernel::Observer> observer;
    if (options.tally.any()) {
        kernel::ObserverRequest request;
        request.tally = options.tally;
        auto started = kernel::Observer::start(request, session.lock_timeout);
        if (!started)
            return std::unexpected(std::move(started).error());
        observer = std::make_unique<kernel::Observer>(std::move(*started));
    }
    const auto server = exporter::Server::listen(
        options.address, std::make_shared<exporter::Collector>(options.rules_max, std::move(observer)));
    if (!server)
        return std::unexpected(server.error());
    session.output.confirm(Listening{server->address()});
    session.output.flush();
    signals.wait();
    return {};
}

Status export_counters(Session& session, const ExporterOptions& options) {
    // Errors of the first reading are the command's; later ones are a metric.
    if (const auto reader = open_for_counting(); !reader)
        return std::unexpected(reader.error());
    if (!options.once)
        return serve(session, options);
    session.output.show(Metrics{exporter::text(exporter::Collector(options.rules_max).Collect())});
    return {};
}

constexpr Command command{"xdpctl-exporter", "", "Serve the counters to Prometheus",
                          "  xdpctl-exporter --listen '[::1]:9780'\n"
                          "  xdpctl-exporter --once\n",
                          [](CLI::App& parser) -> Action {
                              return [options = declare_exporter_options(parser)](Session& session) {
                                  return export_counters(session, *options);
                              };
                          }};

}  // namespace

}  // namespace xdpctl::cli

int main(int argc, char** argv) {
    using namespace xdpctl::cli;

    prepare_process();
    return run(parse_command_line({argv, static_cast<std::size_t>(argc)}, command));
}
