// SPDX-License-Identifier: BSD-2-Clause
// confirm: keeps what `apply --confirm` has made, or takes it back at once.
#include "cli/confirm.h"

#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <memory>

#include "cli/command.h"
#include "kernel/privilege.h"

namespace xdpctl::cli {

namespace {

struct Outcome {
    bool kept = false;
};

std::string text(const Outcome& outcome) {
    return outcome.kept ? "confirmed: the new ruleset stays\n" : "rolled back: the old ruleset runs again\n";
}

nlohmann::json json(const Outcome& outcome) {
    return {{"confirmed", outcome.kept}};
}

// None when there is nothing more to read.
std::optional<std::string> read_line() {
    std::array<char, 256> buffer;
    const ssize_t size = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (size <= 0)
        return std::nullopt;
    std::string line(buffer.data(), static_cast<std::size_t>(size));
    line.erase(line.find_last_not_of(" \r\n") + 1);
    return line;
}

// The answer decides, unless the time is up or another command is quicker.
Status ask(Session& session, const PendingChange& pending) {
    std::array<pollfd, 2> sources{pollfd{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                                  pollfd{.fd = pending.socket().get(), .events = POLLIN, .revents = 0}};
    std::fputs("keep it? yes or no: ", stderr);
    while (::poll(sources.data(), sources.size(), -1) < 0 && errno == EINTR) {
    }
    if (sources[1].revents == 0) {
        const auto line = read_line();
        if (!line)  // the terminal is gone: the time decides
            return fail(ErrorKind::Failed, "the change waits to be confirmed", {}, "xdpctl confirm keeps it");
        XDPCTL_TRY(*line == "yes" ? pending.confirm() : pending.revert());
    } else {
        std::fputs("\n", stderr);
    }
    const auto answer = pending.wait();
    if (!answer)
        return std::unexpected(answer.error());
    return *answer == PendingChange::Answer::Confirmed ? report_confirmed(session, true) : not_confirmed(*answer);
}

Status run(Session& session, bool revert) {
    XDPCTL_TRY(kernel::require_privileges("change the running ruleset"));
    const auto pending = PendingChange::find();
    if (!pending)
        return std::unexpected(pending.error());
    XDPCTL_TRY(revert ? pending->revert() : pending->confirm());
    const auto answer = pending->wait();
    if (!answer)
        return std::unexpected(answer.error());
    const bool as_asked = *answer == (revert ? PendingChange::Answer::RolledBack : PendingChange::Answer::Confirmed);
    return as_asked ? report_confirmed(session, !revert) : not_confirmed(*answer);
}

}  // namespace

Status ask_for_confirmation(Session& session) {
    if (session.output.format() == Output::Format::Json || ::isatty(STDIN_FILENO) == 0)
        return {};
    const auto pending = PendingChange::find();
    if (!pending)
        return std::unexpected(pending.error());
    return ask(session, *pending);
}

Status report_confirmed(Session& session, bool kept) {
    session.output.confirm(Outcome{kept});
    return {};
}

std::unexpected<Error> not_confirmed(PendingChange::Answer answer) {
    switch (answer) {
    case PendingChange::Answer::RolledBack:
        return fail(ErrorKind::Failed, "the change was not confirmed", "the old ruleset runs again");
    case PendingChange::Answer::Confirmed:
        return fail(ErrorKind::Failed, "the change is confirmed already", "another command was quicker");
    case PendingChange::Answer::Failed:
        break;
    }
    return fail(ErrorKind::Failed, "the change was not confirmed, and could not be taken back",
                "the system's log says why", "apply the old ruleset by hand");
}

Action declare_confirm(CLI::App& parser) {
    auto revert = std::make_shared<bool>(false);
    parser.add_flag("--revert", *revert, "Take the change back now");
    return [revert](Session& session) { return run(session, *revert); };
}

}  // namespace xdpctl::cli
