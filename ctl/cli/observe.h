// SPDX-License-Identifier: BSD-2-Clause
// What monitor and capture have in common: which packets, for how long, and the loop that waits for them.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "kernel/observer.h"
#include "observe/expression.h"
#include "observe/report.h"

namespace xdpctl::cli {

struct ObserveOptions {
    bool drops = false;
    bool accepts = false;
    std::string interface;
    std::optional<ruleset::Hook> hook;
    std::vector<std::uint64_t> rules;
    std::vector<std::string> reasons;
    std::vector<std::string> expression;
    std::uint64_t count = 0;
    double timeout = 0;
    std::uint32_t sample = 0;
};

void add_observe_options(CLI::App& parser, ObserveOptions& options);

// An observer with its filter, in the kernel where that is possible.
class Observation {
public:
    // `request` has what the command adds to the options. Errors: Input for a wrong expression or reason.
    [[nodiscard]] static Result<Observation> start(Session& session, const ObserveOptions& options,
                                                   kernel::ObserverRequest request);

    struct Handlers {
        // Each packet; `event` tells what of it is reported. The report is of its verdict.
        std::function<void(const observe::Report&, const xdpctl_event&)> packet;
        // Some times a second; false ends the loop.
        std::function<Result<bool>()> tick;
    };
    // Until `done` is true, the time is up, or SIGINT, SIGTERM or SIGHUP comes.
    [[nodiscard]] Status run(const Handlers& handlers, const std::function<bool()>& done);

    [[nodiscard]] kernel::Observer& observer() { return observer_; }
    [[nodiscard]] const std::string& filter() const { return filter_; }
    // Packets that the filter rejected here and not in the kernel.
    [[nodiscard]] std::uint64_t rejected() const { return rejected_; }

private:
    Observation(kernel::Observer observer, std::optional<observe::Expression> expression, bool in_kernel,
                std::uint32_t snaplen, double timeout)
        : observer_(std::move(observer)),
          expression_(std::move(expression)),
          filter_(expression_ ? expression_->text() : ""),
          in_kernel_(in_kernel),
          snaplen_(snaplen),
          timeout_(timeout) {}

    void take(const xdpctl_event& event, std::span<const std::byte> frame, std::chrono::nanoseconds clock_offset,
              const Handlers& handlers);
    void read(const Handlers& handlers, const std::function<bool()>& done, std::uint64_t limit);

    kernel::Observer observer_;
    std::optional<observe::Expression> expression_;
    std::string filter_;
    bool in_kernel_;
    std::uint32_t snaplen_;
    double timeout_;
    std::uint64_t rejected_ = 0;
};

}  // namespace xdpctl::cli
