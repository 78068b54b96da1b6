// SPDX-License-Identifier: BSD-2-Clause
#include "cli/run.h"

int main(int argc, char** argv) {
    using namespace xdpctl::cli;

    prepare_process();
    return run(parse_command_line({argv, static_cast<std::size_t>(argc)}));
}
