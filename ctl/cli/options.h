// SPDX-License-Identifier: BSD-2-Clause
// Options that several commands have, declared in one way.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <optional>
#include <string>

#include "maps/chain.h"
#include "ruleset/model.h"

namespace xdpctl::cli {

// --hook ingress|egress; stays empty when not given.
void add_hook_option(CLI::App& parser, std::optional<ruleset::Hook>& hook, const std::string& description);

// FILE or -f FILE, - for standard input; required.
void add_file_option(CLI::App& parser, std::string& path);

// -a and -s, as nft has them.
struct ListOptions {
    bool handles = false;
    bool stateless = false;
};
void add_list_options(CLI::App& parser, ListOptions& options);

}  // namespace xdpctl::cli
