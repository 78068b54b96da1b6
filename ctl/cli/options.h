// SPDX-License-Identifier: BSD-2-Clause
// Options that several commands have, declared in one way.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "cli/command.h"
#include "maps/chain.h"
#include "ruleset/model.h"

namespace xdpctl::cli {

// --hook ingress|egress; stays empty when not given.
void add_hook_option(CLI::App& parser, std::optional<ruleset::Hook>& hook, const std::string& description);

// FILE or -f FILE, - for standard input; required.
void add_file_option(CLI::App& parser, std::string& path);

// Words and nothing else, at least one; `form` says which.
[[nodiscard]] Action declare_words(CLI::App& parser, const std::string& form,
                                   Status (*run)(Session& session, std::span<const std::string> words));

// -a and -s, as nft has them.
struct ListOptions {
    bool handles = false;
    bool stateless = false;
};
void add_list_options(CLI::App& parser, ListOptions& options);

}  // namespace xdpctl::cli
