// SPDX-License-Identifier: BSD-2-Clause
#include "cli/run.h"

#include <bpf/libbpf.h>
#include <malloc.h>
#include <xdp/libxdp.h>

#include <csignal>

#include "cli/found.h"

namespace xdpctl::cli {

namespace {

Status act(const CommandLine& command_line, Output& output) {
    if (!command_line.action)
        return std::unexpected(command_line.action.error());
    Session session{output, command_line.lock_timeout};
    XDPCTL_TRY((*command_line.action)(session));
    return output.finish();
}

}  // namespace

void prepare_process() {
    // A reader that goes away shows as a failed write, never as a death in the middle of a change.
    std::signal(SIGPIPE, SIG_IGN);
    // Buffers of texts and tokens go back to the system when they are done with. By itself malloc keeps the next ones
    // in its heap once a large one was freed, and what lies behind them there keeps their memory taken.
    ::mallopt(M_MMAP_THRESHOLD, 4 << 20);
    ::mallopt(M_TRIM_THRESHOLD, 8 << 20);
    // What these libraries would print is in the errors they return.
    libbpf_set_print(nullptr);
    libxdp_set_print(nullptr);
}

int run(const CommandLine& command_line) {
    Output output(command_line.format, command_line.quiet);
    const Status status = act(command_line, output);
    if (status)
        return 0;
    if (status.error().kind != found_kind)
        output.error(status.error());
    return static_cast<int>(status.error().kind);
}

}  // namespace xdpctl::cli
