// SPDX-License-Identifier: BSD-2-Clause
#include "cli/exporter_options.h"

#include <CLI/CLI.hpp>

namespace xdpctl::cli {

namespace {

constexpr std::size_t rules_limit = 100000;  // more series than this are no help to any server

}  // namespace

std::shared_ptr<ExporterOptions> declare_exporter_options(CLI::App& parser) {
    auto options = std::make_shared<ExporterOptions>();
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
    return options;
}

std::vector<std::string> words(const ExporterOptions& options) {
    std::vector<std::string> out{"--max-rules=" + std::to_string(options.rules_max)};
    if (options.once)
        out.emplace_back("--once");
    else
        out.emplace_back("--listen=" + options.address);
    if (options.tally.sizes)
        out.emplace_back("--sizes");
    if (options.tally.times)
        out.emplace_back("--times");
    return out;
}

}  // namespace xdpctl::cli
