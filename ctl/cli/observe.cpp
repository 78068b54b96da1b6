// SPDX-License-Identifier: BSD-2-Clause
#include "cli/observe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <ctime>

#include "base/fd.h"
#include "cli/options.h"
#include "compile/packet_filter.h"
#include "stats/names.h"

namespace xdpctl::cli {

namespace {

using Clock = std::chrono::steady_clock;

// How long a report waits at most for its reader.
constexpr std::chrono::milliseconds tick_interval(50);
// Reports read in one go, between looks at signals and clock.
constexpr std::uint64_t reports_each_go = 1 << 14;

// The signals that end a command, read in its own time. Everything else goes its way: Ctrl-Z stops the process.
class EndSignals {
public:
    EndSignals() {
        sigset_t signals;
        sigemptyset(&signals);
        for (const int signal : {SIGINT, SIGTERM, SIGHUP})
            sigaddset(&signals, signal);
        sigprocmask(SIG_BLOCK, &signals, &previous_);
        fd_ = Fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
    }
    ~EndSignals() {
        signalfd_siginfo ignored{};
        while (::read(fd_.get(), &ignored, sizeof(ignored)) > 0) {
        }
        sigprocmask(SIG_SETMASK, &previous_, nullptr);
    }
    EndSignals(const EndSignals&) = delete;
    EndSignals& operator=(const EndSignals&) = delete;
    [[nodiscard]] int fd() const { return fd_.get(); }

private:
    Fd fd_;
    sigset_t previous_{};
};

std::chrono::nanoseconds now_of(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// From the clock of programs to that of people.
std::chrono::nanoseconds clock_offset() {
    return now_of(CLOCK_REALTIME) - now_of(CLOCK_MONOTONIC);
}

Result<std::uint32_t> reasons_of(const std::vector<std::string>& names) {
    if (names.empty())
        return ~0U;
    std::uint32_t bits = 0;
    for (const std::string& wanted : names) {
        std::vector<std::string_view> known;
        for (std::uint32_t reason = 0; reason < XDPCTL_REASONS; ++reason) {
            const std::string_view name = stats::name(static_cast<xdpctl_reason>(reason));
            if (name == wanted || (wanted == "malformed" && name.starts_with("malformed-")))
                bits |= 1U << reason;
            if (name != "unknown")
                known.push_back(name);
        }
        if (wanted != "malformed" && std::ranges::find(known, wanted) == known.end())
            return fail(ErrorKind::Usage, fmt::format("'{}' is no reason", wanted), {},
                        fmt::format("reasons: malformed, {}", fmt::join(known, ", ")));
    }
    return bits;
}

}  // namespace

void add_observe_options(CLI::App& parser, ObserveOptions& options) {
    parser.add_flag("--drop", options.drops, "Packets that are dropped");
    parser.add_flag("--accept", options.accepts, "Packets that are accepted");
    parser.add_option("--iface", options.interface, "Only this interface")->type_name("IFACE");
    add_hook_option(parser, options.hook, "Only this hook");
    parser.add_option("--rule", options.rules, "Only what this rule decides or logs; may be given again")
        ->type_name("HANDLE")
        ->allow_extra_args(false);
    parser.add_option("--reason", options.reasons, "Only verdicts for this reason; may be given again")
        ->type_name("REASON")
        ->allow_extra_args(false);
    parser.add_option("--sample", options.sample, "One packet in N, chosen at random")
        ->type_name("N")
        ->check(CLI::PositiveNumber);
    parser.add_option("-c,--count", options.count, "End after N of them")->type_name("N")->check(CLI::PositiveNumber);
    parser.add_option("--timeout", options.timeout, "End after SECONDS")
        ->type_name("SECONDS")
        ->check(CLI::Range(0.1, 86400.0 * 365));
    parser.add_option("EXPRESSION", options.expression, "Filter expression, as in pcap-filter(7)")->type_name("");
}

Result<Observation> Observation::start(Session& session, const ObserveOptions& options,
                                       kernel::ObserverRequest request) {
    const auto reasons = reasons_of(options.reasons);
    if (!reasons)
        return std::unexpected(reasons.error());
    request.reasons = *reasons;
    request.verdicts = (options.drops ? 1U << XDPCTL_DROP : 0U) | (options.accepts ? 1U << XDPCTL_ACCEPT : 0U);
    request.device = options.interface;
    request.hook = options.hook;
    request.sample = options.sample;
    for (const std::uint64_t handle : options.rules)
        request.rules.push_back(Handle{handle});

    std::optional<observe::Expression> expression;
    const std::uint32_t snaplen = request.snaplen;
    if (!options.expression.empty()) {
        auto compiled = observe::Expression::compile(fmt::format("{}", fmt::join(options.expression, " ")));
        if (!compiled)
            return std::unexpected(std::move(compiled).error());
        expression = std::move(*compiled);
        std::string why;
        if (auto filter = compile::packet_filter(expression->instructions())) {
            request.filter = std::move(*filter);
            auto observer = kernel::Observer::start(request, session.lock_timeout);
            if (observer)
                return Observation(std::move(*observer), std::move(expression), true, snaplen, options.timeout);
            if (observer.error().kind != ErrorKind::Rejected && observer.error().kind != ErrorKind::Limit)
                return std::unexpected(std::move(observer).error());
            why = observer.error().cause;
            request.filter.clear();
        } else {
            why = filter.error().cause;
        }
        session.output.warn(fmt::format("the filter does not run in the kernel, every packet comes here first: {}",
                                        why.substr(0, why.find('\n'))));
        request.snaplen = XDPCTL_FRAME_MAX;
    }
    auto observer = kernel::Observer::start(request, session.lock_timeout);
    if (!observer)
        return std::unexpected(std::move(observer).error());
    return Observation(std::move(*observer), std::move(expression), false, snaplen, options.timeout);
}

void Observation::take(const xdpctl_event& event, std::span<const std::byte> frame,
                       std::chrono::nanoseconds clock_offset, const Handlers& handlers) {
    const bool ask = expression_ && (!in_kernel_ || event.undecided != 0);
    if (ask && !expression_->matches(frame, event.length)) {
        ++rejected_;
        return;
    }
    const kernel::ObservedChain* chain = observer_.chain(event.chain);
    if (chain == nullptr)
        return;
    std::uint32_t snaplen = snaplen_;
    for (std::uint32_t i = 0; i < XDPCTL_LOGS_MAX; ++i)
        if ((event.reported & XDPCTL_REPORT_LOG << i) != 0)
            if (const ruleset::Rule* rule = observer_.rule(event.chain, event.packet.log_rules[i]);
                rule != nullptr && rule->log() != nullptr)
                snaplen = std::max(snaplen, rule->log()->snaplen.value_or(0));
    observe::Report report;
    report.time = observe::Time(std::chrono::nanoseconds(event.time) + clock_offset);
    report.interface = observer_.device(event.chain, event.packet.device);
    report.table = chain->table;
    report.chain = chain->chain;
    report.packet = &event.packet;
    report.rule = event.packet.reason == XDPCTL_REASON_RULE ? observer_.rule(event.chain, event.packet.rule) : nullptr;
    report.length = event.length;
    report.frame = frame.first(std::min<std::size_t>(frame.size(), snaplen));
    handlers.packet(report, event);
}

void Observation::read(const Handlers& handlers, const std::function<bool()>& done, std::uint64_t limit) {
    const std::chrono::nanoseconds offset = clock_offset();
    std::uint64_t left = limit;
    observer_.read([&](const xdpctl_event& event, std::span<const std::byte> frame) {
        take(event, frame, offset, handlers);
        return --left > 0 && !done();
    });
}

Status Observation::run(const Handlers& handlers, const std::function<bool()>& done) {
    const EndSignals signals;
    const auto start = Clock::now();
    const auto end = timeout_ > 0
                         ? start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(timeout_))
                         : Clock::time_point::max();
    while (!done()) {
        pollfd ready[] = {{.fd = signals.fd(), .events = POLLIN, .revents = 0},
                          {.fd = observer_.descriptor(), .events = POLLIN, .revents = 0}};
        (void)::poll(ready, std::size(ready), static_cast<int>(tick_interval.count()));
        const bool last = (ready[0].revents & POLLIN) != 0 || Clock::now() >= end;
        read(handlers, done, reports_each_go);
        const auto go_on = handlers.tick();
        if (!go_on)
            return std::unexpected(go_on.error());
        if (last || !*go_on)
            break;
    }
    // What was reported so far is still to be read.
    observer_.stop();
    if (!done())
        read(handlers, done, ~std::uint64_t{0});
    return {};
}

}  // namespace xdpctl::cli
