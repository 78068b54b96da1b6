// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

#include <csignal>
#include <span>

#include "cli/command_line.h"
#include "cli/found.h"

namespace xdpctl::cli {

namespace {

Status run(const Action& action, Output& output, std::chrono::milliseconds lock_timeout) {
    Session session{output, lock_timeout};
    XDPCTL_TRY(action(session));
    return output.finish();
}

}  // namespace

}  // namespace xdpctl::cli

int main(int argc, char** argv) {
    using namespace xdpctl;

    // A reader that goes away shows as a failed write, never as a death in the middle of a change.
    std::signal(SIGPIPE, SIG_IGN);
    // What these libraries would print is in the errors they return.
    libbpf_set_print(nullptr);
    libxdp_set_print(nullptr);

    const cli::CommandLine command_line = cli::parse_command_line({argv, static_cast<std::size_t>(argc)});
    cli::Output output(command_line.format, command_line.quiet);
    const Status status = command_line.action ? cli::run(*command_line.action, output, command_line.lock_timeout)
                                              : Status(std::unexpected(command_line.action.error()));
    if (status)
        return 0;
    if (status.error().kind != cli::found_kind)
        output.error(status.error());
    return static_cast<int>(status.error().kind);
}
