// SPDX-License-Identifier: BSD-2-Clause
// What `xdpctl exporter` and xdpctl-exporter, which it runs, are told.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "kernel/tally.h"

namespace CLI {
class App;
}

namespace xdpctl::cli {

struct ExporterOptions {
    std::string address = "127.0.0.1:9780";
    std::size_t rules_max = 1000;
    bool once = false;
    kernel::TallyRequest tally;
};

// Filled in by the parser.
[[nodiscard]] std::shared_ptr<ExporterOptions> declare_exporter_options(CLI::App& parser);

// The words that say the same.
[[nodiscard]] std::vector<std::string> words(const ExporterOptions& options);

}  // namespace xdpctl::cli
