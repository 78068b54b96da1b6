// SPDX-License-Identifier: BSD-2-Clause
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/list_cost.h"
#include "cli/listing.h"

namespace xdpctl::cli {

Action declare_list_ruleset(CLI::App& parser) {
    struct Options : ListOptions {
        bool cost = false;
    };
    auto options = std::make_shared<Options>();
    add_list_options(parser, *options);
    parser.add_flag("--cost", options->cost, "Instead of the rules: what judging a packet by each chain costs")
        ->excludes("--handles")
        ->excludes("--stateless");
    return [options](Session& session) { return options->cost ? list_cost(session) : list(session, {}, *options); };
}

}  // namespace xdpctl::cli
