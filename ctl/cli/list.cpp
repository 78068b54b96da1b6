// SPDX-License-Identifier: BSD-2-Clause
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/listing.h"

namespace xdpctl::cli {

Action declare_list_ruleset(CLI::App& parser) {
    auto options = std::make_shared<ListOptions>();
    add_list_options(parser, *options);
    return [options](Session& session) { return list(session, {}, *options); };
}

}  // namespace xdpctl::cli
