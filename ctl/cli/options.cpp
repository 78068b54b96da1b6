// SPDX-License-Identifier: BSD-2-Clause
#include "cli/options.h"

#include <memory>
#include <vector>

namespace xdpctl::cli {

void add_hook_option(CLI::App& parser, std::optional<ruleset::Hook>& hook, const std::string& description) {
    const auto set = [&hook](const std::string& word) {
        hook = word == "egress" ? ruleset::Hook::Egress : ruleset::Hook::Ingress;
    };
    parser.add_option_function<std::string>("--hook", set, description)
        ->type_name("HOOK")
        ->check(CLI::IsMember({"ingress", "egress"}));
}

void add_file_option(CLI::App& parser, std::string& path) {
    parser.add_option("file,-f,--file", path, "Ruleset file, text or nft's JSON; - is standard input")
        ->type_name("FILE")
        ->required();
}

Action declare_words(CLI::App& parser, const std::string& form,
                     Status (*run)(Session& session, std::span<const std::string> words)) {
    const auto words = std::make_shared<std::vector<std::string>>();
    parser.add_option("WORDS", *words, form)->type_name("")->required();
    return [words, run](Session& session) { return run(session, *words); };
}

void add_list_options(CLI::App& parser, ListOptions& options) {
    parser.add_flag("-a,--handles", options.handles, "Print handles");
    parser.add_flag("-s,--stateless", options.stateless, "Leave out what counters counted");
}

}  // namespace xdpctl::cli
