// SPDX-License-Identifier: BSD-2-Clause
// A ruleset file on the command line, and what it may leave open.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace xdpctl::cli {

struct FileOptions {
    std::string path;
    std::vector<std::string> devices;  // of base chains that name none
};

// FILE or -f FILE, required, and --device.
void add_file_options(CLI::App& parser, FileOptions& options);

}  // namespace xdpctl::cli
