// SPDX-License-Identifier: BSD-2-Clause
// The table of commands: what the parser, the help and the shell completion are made from.
#pragma once

#include <chrono>
#include <functional>
#include <span>
#include <string_view>

#include "base/error.h"
#include "cli/output.h"

namespace CLI {
class App;
}

namespace xdpctl::cli {

class Batch;

// What every command gets beside its own options.
struct Session {
    Output& output;
    std::chrono::milliseconds lock_timeout;
    Batch* batch = nullptr;  // that the command is a line of
};

// What a command does once its words are parsed. An error's kind is the exit code.
using Action = std::function<Status(Session&)>;

struct Command {
    std::string_view noun;
    std::string_view verb;  // empty for commands of one word
    std::string_view summary;
    std::string_view examples;
    // Adds the command's options and arguments to its parser; the action reads what the parser put into them.
    Action (*declare)(CLI::App& parser);
};

[[nodiscard]] std::span<const Command> commands();

// Each in the file of its noun.
Action declare_attach(CLI::App& parser);
Action declare_detach(CLI::App& parser);
Action declare_status(CLI::App& parser);
Action declare_rule_add(CLI::App& parser);
Action declare_rule_insert(CLI::App& parser);
Action declare_rule_replace(CLI::App& parser);
Action declare_rule_delete(CLI::App& parser);
Action declare_rule_list(CLI::App& parser);
Action declare_chain_policy(CLI::App& parser);
Action declare_chain_add(CLI::App& parser);
Action declare_chain_delete(CLI::App& parser);
Action declare_chain_rename(CLI::App& parser);
Action declare_set_add(CLI::App& parser);
Action declare_set_delete(CLI::App& parser);
Action declare_set_test(CLI::App& parser);
Action declare_set_list(CLI::App& parser);
Action declare_set_flush(CLI::App& parser);
Action declare_set_load(CLI::App& parser);
Action declare_set_swap(CLI::App& parser);
Action declare_apply(CLI::App& parser);
Action declare_check(CLI::App& parser);
Action declare_list_ruleset(CLI::App& parser);
Action declare_import_iptables(CLI::App& parser);
Action declare_import_ip6tables(CLI::App& parser);
Action declare_import_nft(CLI::App& parser);
Action declare_import_ipset(CLI::App& parser);
Action declare_flush_ruleset(CLI::App& parser);
Action declare_flush_chain(CLI::App& parser);
Action declare_monitor(CLI::App& parser);
Action declare_capture(CLI::App& parser);
Action declare_stats(CLI::App& parser);
Action declare_test_run(CLI::App& parser);
Action declare_explain(CLI::App& parser);
Action declare_version(CLI::App& parser);

}  // namespace xdpctl::cli
