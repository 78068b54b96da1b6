// SPDX-License-Identifier: BSD-2-Clause
// exporter: serves the counters to Prometheus until it is told to stop, or prints them once.
#include <fmt/format.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/change.h"
#include "cli/command.h"
#include "exporter/collector.h"
#include "exporter/server.h"

namespace xdpctl::cli {

namespace {

constexpr std::size_t rules_limit = 100000;  // more series than this are no help to any server

struct Options {
    std::string address = "127.0.0.1:9780";
    std::size_t rules_max = 1000;
    bool once = false;
    kernel::TallyRequest tally;
};

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

Status serve(Session& session, const Options& options) {
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

Status run(Session& session, const Options& options) {
    // Errors of the first reading are the command's; later ones are a metric.
    if (const auto reader = open_for_counting(); !reader)
        return std::unexpected(reader.error());
    if (!options.once)
        return serve(session, options);
    session.output.show(Metrics{exporter::text(exporter::Collector(options.rules_max).Collect())});
    return {};
}

}  // namespace

Action declare_exporter(CLI::App& parser) {
    auto options = std::make_shared<Options>();
    auto* listen = parser.add_option("--listen", options->address, "Address and port; port 0 takes a free one")
                       ->type_name("ADDRESS:PORT")
                       ->capture_default_str();
    parser.add_option("--max-rules", options->rules_max, "Rules that get series of their own")
        ->type_name("NUMBER")
        ->check(CLI::Range(std::size_t{0}, rules_limit))
        ->capture_default_str();
    auto* once = parser.add_flag("--once", options->once, "Print the metrics and end")->excludes(listen);
    parser.add_flag("--sizes", options->tally.sizes, "Look on, and serve lengths of packets too")->excludes(once);
    parser.add_flag("--times", options->tally.times, "Look on, and serve the time that packets take too")
        ->excludes(once);
    return [options](Session& session) { return run(session, *options); };
}

}  // namespace xdpctl::cli
